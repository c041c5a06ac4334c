"""Customers' accounts: log-in, addresses, orders, and what is kept of them."""

from flask import Blueprint, Flask, Response, request

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
    register(app, settings, BLUEPRINTS)
    app.before_request(close_by_default)

    @app.after_request
    def keep_private(response: Response) -> Response:
        # The address of a link from a mail is a secret, so that no link of the page may tell it.
        if request.blueprint == "customers_api" or request.path.startswith("/account"):
            response.headers["Cache-Control"] = "no-store"
            response.headers["Referrer-Policy"] = "same-origin"
        return response
