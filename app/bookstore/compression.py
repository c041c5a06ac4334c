"""Answers that everyone may see, as few bytes as the caller can read (RFC 9110, section 8.4), and none that it has.

Only those: where a secret is on a page beside what a stranger can choose, its compressed length betrays it (BREACH,
https://breachattack.com). The API's JSON stays as it is, since its strong ETag goes back in If-Match.
"""

import gzip
from functools import lru_cache

import brotli
from flask import Flask, Response, request

from bookstore.config import Settings

MIMETYPES = frozenset({"text/html", "text/css", "image/svg+xml"})
# Less does not pay: it fits into one packet with its headers.
LEAST_BYTES = 1000
ENCODINGS = ("br", "gzip")
# A home page of 28 kB: brotli 3 makes 5.5 kB in 0.1 ms, 4 makes 5.2 kB in 0.4 ms, gzip 5 makes 5.3 kB in 0.1 ms.
ONCE, EACH_TIME = {"br": 11, "gzip": 9}, {"br": 3, "gzip": 5}
# Static files in each encoding.
KEPT = 32


def init_app(app: Flask, settings: Settings) -> None:
    """Look at each answer after what decides who may keep it, so before that in the list of parts."""

    @app.after_request
    def shorten(response: Response) -> Response:
        if response.status_code != 200 or response.mimetype not in MIMETYPES or not response.cache_control.public:
            return response
        response.vary.add("Accept-Encoding")
        # A file has one from its time, and was compared already.
        if not response.is_streamed:
            response.add_etag(weak=True)
            response.make_conditional(request)
        encoding = request.accept_encodings.best_match(ENCODINGS)
        if response.status_code == 200 and encoding in ENCODINGS:
            _encode(response, encoding)
        return response


def _encode(response: Response, encoding: str) -> None:
    immutable = bool(response.cache_control.immutable)
    response.direct_passthrough = False
    body = response.get_data()
    if len(body) < LEAST_BYTES:
        return
    response.set_data(_once(body, encoding) if immutable else _compress(body, encoding, EACH_TIME[encoding]))
    response.headers["Content-Encoding"] = encoding
    tag, _ = response.get_etag()
    if tag:
        response.set_etag(tag, weak=True)


@lru_cache(maxsize=KEPT)
def _once(body: bytes, encoding: str) -> bytes:
    """A file whose address changes with its content, as small as it can be made."""
    return _compress(body, encoding, ONCE[encoding])


def _compress(body: bytes, encoding: str, quality: int) -> bytes:
    if encoding == "br":
        return bytes(brotli.compress(body, quality=quality))
    # No time in it: the same body is the same bytes.
    return gzip.compress(body, quality, mtime=0)
