"""Those who work in the shop: how they log in, what each may do, and the log of what they did."""

from flask import Blueprint, Flask

from bookstore.config import Settings, Surface
from bookstore.staff import guard, navigation
from bookstore.staff.api import APIS
from bookstore.staff.pages import PAGES
from bookstore.web import register

BLUEPRINTS: dict[Surface, list[Blueprint]] = {
    Surface.API: [module.api for module in APIS],
    Surface.STOREFRONT: [module.pages for module in PAGES],
}


def init_app(app: Flask, settings: Settings) -> None:
    """Register what this process's surface serves, closed to all but staff."""
    register(app, settings, BLUEPRINTS, private=True)
    app.jinja_env.globals.update(staff_navigation=navigation.entries)
    app.before_request(guard.close_by_default)
