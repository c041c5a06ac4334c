"""How many bytes the answers are that everyone may see, over real HTTP."""

import gzip
import re
from collections.abc import Iterator

import brotli
import httpx
import pytest

DECODERS = {"br": brotli.decompress, "gzip": gzip.decompress}
ENCODINGS = sorted(DECODERS)
LARGEST_PAGE = 14_000  # ten packets: what a server may send before the first acknowledgement (RFC 6928)


@pytest.fixture
def client(live_server: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=live_server) as client:
        yield client


def raw(client: httpx.Client, path: str, encoding: str, **headers: str) -> tuple[httpx.Response, bytes]:
    """An answer, and its body as it came."""
    with client.stream("GET", path, headers={"Accept-Encoding": encoding, **headers}) as response:
        return response, b"".join(response.iter_raw())


def pages(client: httpx.Client) -> list[str]:
    home = client.get("/").text
    book = re.search(r'href="(/books/97\d+/[^"]+)"', home)
    style = re.search(r'href="(/static/[^"]+\.css)"', home)
    assert book
    assert style
    return ["/", book[1], "/books?q=love", "/authors", style[1]]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_encoded_answers_are_the_plain_ones_and_small(client: httpx.Client, encoding: str) -> None:
    for path in pages(client):
        plain, body = raw(client, path, "identity")
        encoded, fewer = raw(client, path, encoding)
        assert encoded.headers["Content-Encoding"] == encoding
        assert DECODERS[encoding](fewer) == body
        assert len(fewer) < LARGEST_PAGE
        assert int(encoded.headers["Content-Length"]) == len(fewer) < len(body)
        assert "Content-Encoding" not in plain.headers
        assert plain.headers["Vary"] == encoded.headers["Vary"] == "Accept-Encoding"


def test_the_shorter_encoding_is_chosen_where_the_caller_takes_both(client: httpx.Client) -> None:
    assert raw(client, "/", "gzip, br")[0].headers["Content-Encoding"] == "br"
    assert raw(client, "/", "gzip, br;q=0")[0].headers["Content-Encoding"] == "gzip"


@pytest.mark.parametrize("encoding", ["identity", *ENCODINGS])
def test_what_the_caller_has_is_not_sent_again(client: httpx.Client, encoding: str) -> None:
    for path in pages(client):
        first, _ = raw(client, path, encoding)
        again, body = raw(client, path, encoding, **{"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, body) == (304, b"")
        assert again.headers["Cache-Control"] == first.headers["Cache-Control"]


def test_an_answer_that_is_not_for_everyone_or_has_a_strong_etag_is_left_alone(client: httpx.Client) -> None:
    for path in ("/cart", "/account/log-in", "/staff/log-in", "/api/v1/books", "/nowhere"):
        assert "Content-Encoding" not in raw(client, path, "br")[0].headers, path
    assert not raw(client, "/api/v1/books", "br")[0].headers["ETag"].startswith("W/")
