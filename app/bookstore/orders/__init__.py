"""Orders: placed from a cart in one transaction, and then followed through their states."""

from flask import Blueprint, Flask

from bookstore.config import Settings, Surface
from bookstore.orders import api, invoice, pages

BLUEPRINTS: dict[Surface, list[Blueprint]] = {Surface.API: [api.api], Surface.STOREFRONT: [pages.pages, invoice.pages]}


def init_app(app: Flask, settings: Settings) -> None:
    """Register what this process's surface serves."""
    for surface, blueprints in BLUEPRINTS.items():
        if settings.bookstore_surface in (Surface.ALL, surface):
            for blueprint in blueprints:
                app.register_blueprint(blueprint)
