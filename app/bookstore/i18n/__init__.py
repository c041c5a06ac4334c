"""The languages of customers' pages and e-mails (ADR 0023): an address says which.

The English words are in code and templates, from which `make messages` collects them; messages/<language>.po has the
others.
"""

from flask import Flask, Response, request

from bookstore.config import Settings, Surface
from bookstore.errors import NotFound
from bookstore.i18n import messages, pages
from bookstore.i18n.addresses import LanguagePrefixes, alternates, is_translated, public_address, root
from bookstore.i18n.language import LANGUAGES, current, speaking
from bookstore.i18n.messages import gettext, gettext_noop, ngettext

__all__ = [
    "LANGUAGES", "current", "gettext", "gettext_noop", "ngettext", "public_address", "root", "speaking",
]  # fmt: skip


def init_app(app: Flask, settings: Settings) -> None:
    """Take the language off addresses and put it on redirects; give templates the words."""
    app.wsgi_app = LanguagePrefixes(app.wsgi_app)  # type: ignore[method-assign]
    messages.install(app.jinja_env)
    app.jinja_env.globals.update(
        alternates=alternates, is_translated=is_translated, language=current, languages=LANGUAGES, root=root
    )
    if settings.bookstore_surface is not Surface.API:
        app.register_blueprint(pages.pages)

    @app.before_request
    def refuse_untranslated() -> None:
        # Staff pages, the API and health checks have one address each, which a proxy may guard.
        if request.root_path and request.blueprint and not is_translated():
            raise NotFound(gettext("There is no such page."))

    @app.after_request
    def stay_in_the_language(response: Response) -> Response:
        if request.root_path and (location := response.headers.get("Location", "")).startswith("/"):
            response.headers["Location"] = root() + location
        return response
