"""Carts: what a buyer has chosen, kept by the shop under an id that only the buyer knows."""

from flask import Blueprint, Flask

from bookstore.cart import api, pages
from bookstore.config import Settings, Surface

BLUEPRINTS: dict[Surface, list[Blueprint]] = {Surface.API: [api.api], Surface.STOREFRONT: [pages.pages]}


def init_app(app: Flask, settings: Settings) -> None:
    """Register what this process's surface serves."""
    for surface, blueprints in BLUEPRINTS.items():
        if settings.bookstore_surface in (Surface.ALL, surface):
            for blueprint in blueprints:
                app.register_blueprint(blueprint)
