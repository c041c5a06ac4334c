"""What buyers think of books: written in their account, read by the staff, then shown on the book's page."""

from flask import Flask

from bookstore.config import Settings, Surface
from bookstore.web import register


def init_app(app: Flask, settings: Settings) -> None:
    """Register what this process's surface serves."""
    # Not earlier: the catalogue's statements have reviews in them.
    from bookstore.reviews import api, pages

    register(app, settings, {Surface.API: [api.api], Surface.STOREFRONT: [pages.pages]}, translated=True)
    register(app, settings, {Surface.STOREFRONT: [pages.own_pages]}, private=True, translated=True)
