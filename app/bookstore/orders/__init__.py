"""Orders: placed from a cart in one transaction, and then followed through their states."""

from flask import Blueprint, Flask

from bookstore.config import Settings, Surface
from bookstore.orders import api, invoice, metrics, pages
from bookstore.web import register

BLUEPRINTS: dict[Surface, list[Blueprint]] = {Surface.API: [api.api], Surface.STOREFRONT: [pages.pages, invoice.pages]}


def init_app(app: Flask, settings: Settings) -> None:
    """Register what this process's surface serves."""
    metrics.show()
    register(app, settings, BLUEPRINTS, private=True, translated=True)
