"""E-mails: written in the transaction that they tell of, then sent by `bookstore outbox send`, each at least once."""

from flask import Flask

from bookstore import metrics
from bookstore.config import Settings
from bookstore.outbox.overdue import Overdue


def init_app(app: Flask, settings: Settings) -> None:
    """Show how long e-mails wait."""
    metrics.add(app, Overdue(app))
