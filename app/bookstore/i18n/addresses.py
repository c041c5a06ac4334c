"""Addresses of a language: /de/books is /books in German, /books is English.

The language is taken off before the application sees the path, as WSGI does it for what is mounted below a folder
(PEP 3333, SCRIPT_NAME): every address within the application is without it, and is given it where it leaves.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from flask import Flask, current_app, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from bookstore import security
from bookstore.i18n.language import ENGLISH, LANGUAGES, current, speaking

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

COOKIE = "language"
EXTENSION = "translated_blueprints"


def prefix(language: str) -> str:
    """The beginning of a language's addresses: '/de', and '' for English."""
    return "" if language == ENGLISH or language not in LANGUAGES else f"/{language}"


PREFIXES = tuple((prefix(language), language) for language in LANGUAGES if language != ENGLISH)


class LanguagePrefixes:
    """Moves a language at the beginning of PATH_INFO to the end of SCRIPT_NAME."""

    def __init__(self, application: "WSGIApplication") -> None:
        self._application = application

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Serve a request."""
        path = environ["PATH_INFO"]
        for beginning, language in PREFIXES:
            if path.startswith(beginning) and path[len(beginning) : len(beginning) + 1] in ("", "/"):
                environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + beginning
                environ["PATH_INFO"] = path[len(beginning) :] or "/"
                # What is sent after this returns is rendered by then.
                with speaking(language):
                    return self._application(environ, start_response)
        return self._application(environ, start_response)


def root() -> str:
    """The beginning of every address in the language that is spoken, to be followed by a path."""
    return prefix(current())


def address_in(language: str, path: str) -> str:
    """The address of a path of the shop in a language, without the host."""
    return prefix(language) + path


def public_address(language: str, path: str) -> str:
    """The whole address of a path of the shop in a language, for e-mails and others who come from outside."""
    return f"{current_app.config['SETTINGS'].public_url}{address_in(language, path)}"


def alternates() -> list[tuple[str, str]]:
    """Each language, and the whole address of the requested page in it, without parameters."""
    path = request.base_url[len(request.root_url) - 1 :]
    return [(language, request.host_url[:-1] + address_in(language, path)) for language in LANGUAGES]


def translate(app: Flask, blueprint: str, *, private: bool) -> None:
    """Have a blueprint's pages be there in every language; where no cache keeps them, in the one that a reader prefers.

    A page that caches keep is what its address says, whoever asks: they know nothing of a reader.
    """
    app.extensions.setdefault(EXTENSION, set()).add(blueprint)
    if private:
        app.before_request_funcs.setdefault(blueprint, []).append(_go_to_preferred)


def is_translated() -> bool:
    """Whether what is requested is a page that there is in every language."""
    return request.blueprint in cast(set[str], current_app.extensions.get(EXTENSION, ()))


def _go_to_preferred() -> BaseResponse | None:
    if request.method not in ("GET", "HEAD") or current() != ENGLISH:
        return None
    chosen = security.get_cookie(COOKIE) or request.accept_languages.best_match(list(LANGUAGES)) or ENGLISH
    return redirect(prefix(chosen) + request.full_path.rstrip("?"), 303) if prefix(chosen) else None
