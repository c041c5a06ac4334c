"""Notices that a book is back in stock: asked for on its page, confirmed by mail, sent once and then forgotten."""

from flask import Flask

from bookstore.config import Settings, Surface
from bookstore.notices.pages import pages
from bookstore.web import register


def init_app(app: Flask, settings: Settings) -> None:
    """Register the pages where there is a storefront."""
    register(app, settings, {Surface.STOREFRONT: [pages]}, private=True, translated=True)
