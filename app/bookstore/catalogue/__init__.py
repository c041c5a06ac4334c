"""The books and their authors: pages, API, search and import."""

from flask import Blueprint, Flask, Response, request

from bookstore import tuning
from bookstore.catalogue import api, pages
from bookstore.config import Settings, Surface
from bookstore.web import register

BLUEPRINTS: dict[Surface, list[Blueprint]] = {Surface.API: [api.api], Surface.STOREFRONT: [pages.pages]}


def init_app(app: Flask, settings: Settings) -> None:
    """Register what this process's surface serves."""
    register(app, settings, BLUEPRINTS, translated=True)

    @app.after_request
    def say_who_may_keep_it(response: Response) -> Response:
        if request.blueprint in ("catalogue_api", "catalogue") and "Cache-Control" not in response.headers:
            readable_by_all = request.method in ("GET", "HEAD") and "Authorization" not in request.headers
            public = f"public, max-age={tuning.current().cache_ttl_seconds}"
            response.headers["Cache-Control"] = public if readable_by_all else "private, no-cache"
        return response
