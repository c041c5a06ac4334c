"""The ledger of stock: what came, what went, and why. Triggers of the database write it whenever a stock changes."""

from flask import Flask

from bookstore.config import Settings, Surface
from bookstore.stock import api
from bookstore.web import register


def init_app(app: Flask, settings: Settings) -> None:
    """Register what this process's surface serves."""
    register(app, settings, {Surface.API: [api.api]}, private=True)
