"""What a worker says that has no room for a request: made once, so that saying no costs next to nothing."""

from http import HTTPStatus

from gunicorn.util import http_date
from jinja2 import Environment, PackageLoader, select_autoescape

from bookstore.config import Settings, Surface
from bookstore.errors import ServiceUnavailable
from bookstore.i18n import LANGUAGES, messages, speaking
from bookstore.i18n.language import ENGLISH
from bookstore.i18n.messages import gettext_noop
from bookstore.problems import PROBLEM
from bookstore.security import response_headers
from bookstore.storefront import static_url

BUSY = ServiceUnavailable(
    gettext_noop("More people ask than can be served at once. Nothing was changed: send it again in a moment.")
)


def path_of(request: bytes) -> bytes:
    """The path that a request begins with, without its query; empty where not even that has come."""
    _method, _, rest = request.partition(b" ")
    return rest.partition(b" ")[0].partition(b"?")[0]


class Refusals:
    """503 with Retry-After: problem+json for the API, a small page in the address's language for people."""

    def __init__(self, settings: Settings) -> None:
        templates = Environment(loader=PackageLoader("bookstore"), autoescape=select_autoescape())
        messages.install(templates)
        busy = templates.get_template("busy.html")
        self._only_api = settings.bookstore_surface is Surface.API
        self._headers = {
            **response_headers(settings), **BUSY.headers, "Cache-Control": "no-store", "Connection": "close",
        }  # fmt: skip
        self._problem = self._response(PROBLEM, BUSY.problem().model_dump_json())
        self._pages: dict[bytes, tuple[bytes, bytes]] = {}
        for language in LANGUAGES:
            with speaking(language):
                page = busy.render(
                    shop_name=settings.shop_name, stylesheet=static_url("shop.css"), problem=BUSY, language=language
                )
            self._pages[language.encode()] = self._response("text/html; charset=utf-8", page)

    def answer(self, request: bytes) -> bytes:
        """The whole answer to a request of which the beginning is known."""
        path = path_of(request)
        if self._only_api or path.startswith(b"/api"):
            head, body = self._problem
        else:
            _, _, below = path.partition(b"/")
            head, body = self._pages.get(below.partition(b"/")[0], self._pages[ENGLISH.encode()])
        date = f"Date: {http_date()}\r\n\r\n".encode("ascii")
        return head + date + (b"" if request.startswith(b"HEAD ") else body)

    def _response(self, content_type: str, body: str) -> tuple[bytes, bytes]:
        """A response up to its last header, and its body."""
        content = body.encode()
        headers = {**self._headers, "Content-Type": content_type, "Content-Length": str(len(content))}
        status = f"HTTP/1.1 {BUSY.status} {HTTPStatus(BUSY.status).phrase}"
        return "\r\n".join([status, *(f"{name}: {value}" for name, value in headers.items()), ""]).encode(), content
