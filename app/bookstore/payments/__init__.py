"""Payments: through a provider's own pages, with money given back where an order cannot be kept."""

from flask import Flask

from bookstore.config import Settings, Surface
from bookstore.payments import api, metrics, provider, webhooks
from bookstore.web import register


def init_app(app: Flask, settings: Settings) -> None:
    """Set the provider up, and take its webhooks where the API is."""
    provider.init_app(app, settings)
    metrics.show()
    register(app, settings, {Surface.API: [api.api]}, private=True)
    if settings.takes_orders:
        register(app, settings, {Surface.API: [webhooks.webhooks]})
