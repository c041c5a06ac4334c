"""Payments: through a provider's own pages, with money given back where an order cannot be kept."""

from flask import Flask

from bookstore.config import Settings, Surface
from bookstore.payments import metrics, provider, webhooks


def init_app(app: Flask, settings: Settings) -> None:
    """Set the provider up, and take its webhooks where the API is."""
    provider.init_app(app, settings)
    metrics.show()
    if settings.takes_orders and settings.bookstore_surface is not Surface.STOREFRONT:
        app.register_blueprint(webhooks.webhooks)
