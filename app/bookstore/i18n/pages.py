"""/language: the reader's own choice."""

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from bookstore import security
from bookstore.errors import BadRequest
from bookstore.i18n.addresses import COOKIE, address_in
from bookstore.i18n.language import LANGUAGES

pages = Blueprint("i18n", __name__)
KEPT_SECONDS = 31_536_000


@pages.post("/language")
def choose() -> BaseResponse:
    """Remember the language, and show the page in it."""
    # Not earlier: forms speak the reader's language.
    from bookstore.identity.forms import local_path

    language = request.form.get("language", "")
    if language not in LANGUAGES:
        raise BadRequest(f"Choose one of these languages: {', '.join(LANGUAGES)}.")
    response = redirect(address_in(language, local_path(request.form.get("path", ""), "/")), 303, Response)
    security.set_cookie(response, COOKIE, language, KEPT_SECONDS)
    response.headers["Cache-Control"] = "no-store"
    return response
