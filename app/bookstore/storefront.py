"""What all pages share: the layout's data, formatting, covers, and static files under names that hold their hash."""

import hashlib
from functools import cache, lru_cache
from pathlib import Path

from flask import Blueprint, Flask, Response, send_from_directory
from markupsafe import Markup

from bookstore import covers, formats
from bookstore.catalogue import languages
from bookstore.config import Settings
from bookstore.i18n.addresses import address_in
from bookstore.i18n.language import LANGUAGES

STATIC = Path(__file__).parent / "static"
ONE_YEAR_SECONDS = 31_536_000
# About a kilobyte each, in every worker.
COVERS_KEPT = 4096


def init_app(app: Flask, settings: Settings) -> None:
    """Give templates what they share, on every surface: the API has pages too."""
    # Before the first use of jinja_env, which reads the options once.
    app.jinja_options = {**app.jinja_options, "trim_blocks": True, "lstrip_blocks": True}
    app.jinja_env.globals.update(
        shop_name=settings.shop_name,
        shop_currency=settings.currency,
        static_url=static_url,
        cover=_cover,
        language_name=languages.name,
        currency_symbol=formats.currency_symbol,
    )
    app.jinja_env.filters.update(
        money=formats.money,
        moment=formats.moment,
        day=formats.day,
        year=formats.year,
        number=formats.number,
        decimal=formats.decimal,
    )
    blueprint = Blueprint("storefront", __name__)

    @blueprint.get("/static/<version>/<path:name>")
    def static_file(version: str, name: str) -> Response:
        response = send_from_directory(STATIC, name)
        # The address changes with the content, so a copy never goes stale.
        current = version == _hash(name)
        response.headers["Cache-Control"] = f"public, max-age={ONE_YEAR_SECONDS}, immutable" if current else "no-cache"
        return response

    @blueprint.get("/favicon.ico")
    def favicon() -> Response:
        return send_from_directory(STATIC, "icon.svg", max_age=ONE_YEAR_SECONDS)

    @blueprint.get("/robots.txt")
    def robots() -> Response:
        # Endless combinations of filters; each book is also reached by its author's page.
        filters = "".join(f"Disallow: {address_in(language, '/books?')}\n" for language in LANGUAGES)
        return Response(f"User-agent: *\nDisallow: /api/v1/\n{filters}", mimetype="text/plain")

    app.register_blueprint(blueprint)


@cache
def static_url(name: str) -> str:
    """The address of a static file."""
    return f"/static/{_hash(name)}/{name}"


@cache
def _hash(name: str) -> str:
    file = STATIC / name
    return hashlib.blake2b(file.read_bytes(), digest_size=6).hexdigest() if file.is_file() else "missing"


@lru_cache(maxsize=COVERS_KEPT)
def _cover(title: str, byline: str) -> Markup:
    return Markup(covers.draw(title, byline))  # noqa: S704  # draw() escapes what it is given
