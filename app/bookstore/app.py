"""The composition root: an application is the list of its parts, each given the same settings."""

from collections.abc import Callable
from typing import Any

from flask import Flask

from bookstore import (
    audit,
    cache,
    cart,
    catalogue,
    compression,
    customers,
    db,
    health,
    i18n,
    logs,
    metrics,
    notices,
    openapi,
    orders,
    outbox,
    payments,
    problems,
    reviews,
    security,
    staff,
    stock,
    storefront,
    tokens,
    tracing,
    tuning,
)
from bookstore.cache import answers
from bookstore.config import Settings

# Order matters where a part sees every request: what comes first wraps what comes later.
PARTS = (
    tracing, answers, logs, metrics, security, compression, problems, db, tuning, cache, health, tokens, openapi, audit,
    storefront, i18n, catalogue, cart, stock, orders, payments, customers, staff, outbox, reviews, notices,
)  # fmt: skip


class Shop(Flask):
    """Flask without a look, at each function that it calls for a request, whether it is asynchronous: none is."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Give the function as it is."""
        return func


def create_app(settings: Settings) -> Flask:
    """The WSGI application. No query, no connection and no file is touched until a request asks for it."""
    app = Shop("bookstore", static_folder=None)
    app.config.update(
        SETTINGS=settings,
        SECRET_KEY=settings.secret_key.get_secret_value(),
        SECRET_KEY_FALLBACKS=settings.fallback_keys,
        MAX_CONTENT_LENGTH=settings.max_body_bytes,
    )
    for part in PARTS:
        part.init_app(app, settings)
    return app
