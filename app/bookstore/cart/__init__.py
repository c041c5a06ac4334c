"""Carts: what a buyer has chosen, kept by the shop under an id that only the buyer knows."""

from flask import Blueprint, Flask

from bookstore.cart import api, pages
from bookstore.config import Settings, Surface
from bookstore.web import register

BLUEPRINTS: dict[Surface, list[Blueprint]] = {Surface.API: [api.api], Surface.STOREFRONT: [pages.pages]}


def init_app(app: Flask, settings: Settings) -> None:
    """Register what this process's surface serves."""
    register(app, settings, BLUEPRINTS, private=True, translated=True)
