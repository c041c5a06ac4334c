"""Customers' accounts: log-in, addresses, orders, and what is kept of them."""

from flask import Blueprint, Flask

from bookstore.config import Settings, Surface
from bookstore.customers import api
from bookstore.customers.current import close_by_default, current_customer
from bookstore.customers.pages import PAGES
from bookstore.web import register

__all__ = ["current_customer", "init_app"]

BLUEPRINTS: dict[Surface, list[Blueprint]] = {
    Surface.API: [api.api],
    Surface.STOREFRONT: [module.pages for module in PAGES],
}


def init_app(app: Flask, settings: Settings) -> None:
    """Register what this process's surface serves, closed to all but the customer."""
    register(app, settings, BLUEPRINTS, private=True, translated=True)
    app.before_request(close_by_default)
