"""What a worker says that has no room for a request: made once, so that saying no costs next to nothing."""

from http import HTTPStatus

from gunicorn.util import http_date
from jinja2 import Environment, PackageLoader, select_autoescape

from bookstore.config import Settings, Surface
from bookstore.errors import ServiceUnavailable
from bookstore.problems import PROBLEM
from bookstore.security import response_headers
from bookstore.storefront import static_url

BUSY = ServiceUnavailable("More people ask than can be served at once. Nothing was changed: send it again in a moment.")


def path_of(request: bytes) -> bytes:
    """The path that a request begins with, without its query; empty where not even that has come."""
    _method, _, rest = request.partition(b" ")
    return rest.partition(b" ")[0].partition(b"?")[0]


class Refusals:
    """503 with Retry-After, as problem+json for the API and as a small page for people."""

    def __init__(self, settings: Settings) -> None:
        templates = Environment(loader=PackageLoader("bookstore"), autoescape=select_autoescape())
        page = templates.get_template("busy.html").render(
            shop_name=settings.shop_name, stylesheet=static_url("shop.css"), problem=BUSY
        )
        self._only_api = settings.bookstore_surface is Surface.API
        self._headers = {
            **response_headers(settings), **BUSY.headers, "Cache-Control": "no-store", "Connection": "close",
        }  # fmt: skip
        self._problem = self._response(PROBLEM, BUSY.problem().model_dump_json())
        self._page = self._response("text/html; charset=utf-8", page)

    def answer(self, request: bytes) -> bytes:
        """The whole answer to a request of which the beginning is known."""
        head, body = self._problem if self._only_api or path_of(request).startswith(b"/api") else self._page
        date = f"Date: {http_date()}\r\n\r\n".encode("ascii")
        return head + date + (b"" if request.startswith(b"HEAD ") else body)

    def _response(self, content_type: str, body: str) -> tuple[bytes, bytes]:
        """A response up to its last header, and its body."""
        content = body.encode()
        headers = {**self._headers, "Content-Type": content_type, "Content-Length": str(len(content))}
        status = f"HTTP/1.1 {BUSY.status} {HTTPStatus(BUSY.status).phrase}"
        return "\r\n".join([status, *(f"{name}: {value}" for name, value in headers.items()), ""]).encode(), content
