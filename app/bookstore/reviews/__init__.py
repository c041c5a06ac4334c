"""What buyers think of books: written in their account, read by the staff, then shown on the book's page."""

from flask import Blueprint, Flask

from bookstore.config import Settings, Surface
from bookstore.web import register


def init_app(app: Flask, settings: Settings) -> None:
    """Register what this process's surface serves."""
    # Not earlier: the catalogue's statements have reviews in them.
    from bookstore.reviews import api, pages

    blueprints: dict[Surface, list[Blueprint]] = {
        Surface.API: [api.api],
        Surface.STOREFRONT: [pages.pages, pages.own_pages],
    }
    register(app, settings, blueprints)
