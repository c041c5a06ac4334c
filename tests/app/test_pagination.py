"""Cursors: what a page gave comes back, and nothing else is believed."""

import base64
import json

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from bookstore.app import create_app
from bookstore.config import Settings
from bookstore.errors import BadRequest
from bookstore.pagination import decode, encode

BOOKS = "/api/v1/books"
BIGINTS = st.integers(-(2**63), 2**63 - 1)
KEYS = BIGINTS | st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


class TestCursor:
    @given(key=KEYS, row_id=st.integers(0, 2**63 - 1))
    def test_comes_back(self, shared_app: Flask, key: int | str, row_id: int) -> None:
        with shared_app.app_context():
            cursor = encode("title", key, row_id)
            assert decode(cursor, "title") == (key, row_id)
        assert len(cursor) <= 2000
        assert cursor.replace("-", "").replace("_", "").isalnum()

    @given(text=st.text() | st.text("ABCDefgh0123-_=", max_size=60))
    def test_any_other_text_is_refused(self, shared_app: Flask, text: str) -> None:
        with shared_app.app_context(), pytest.raises(BadRequest):
            decode(text, "title")

    @given(data=st.data(), key=KEYS)
    def test_any_altered_byte_is_refused(self, shared_app: Flask, data: st.DataObject, key: int | str) -> None:
        with shared_app.app_context():
            raw = bytearray(base64.urlsafe_b64decode(encode("title", key, 7) + "=="))
            raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
            with pytest.raises(BadRequest):
                decode(base64.urlsafe_b64encode(raw).decode().rstrip("="), "title")

    def test_of_another_secret_is_refused(self, shared_app: Flask, settings: Settings) -> None:
        other = create_app(settings.model_copy(update={"secret_key": type(settings.secret_key)("x" * 32)}))
        with other.app_context():
            cursor = encode("title", "a", 1)
        with shared_app.app_context(), pytest.raises(BadRequest):
            decode(cursor, "title")


class TestForgery:
    @pytest.mark.parametrize(
        "content",
        [
            ["popular", 0, 0],
            ["popular", "0", 0],
            ["popular", 2**70, 0],
            ["popular", 0, -(2**70)],
            ["popular", None, None],
            ["popular"],
            {},
            "popular",
            None,
        ],
    )
    def test_is_a_bad_request(self, client: FlaskClient, content: object) -> None:
        forged = base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")
        for text in (forged, forged * 3, "A" * 16 + forged, forged[:-1]):
            refused(client, BOOKS, text)
            refused(client, "/api/v1/authors", text)

    @pytest.mark.parametrize("text", ["!", "=", "a=b", "é", "'; DROP TABLE book", " x", "A" * 2000, "%", "\N{SNOWMAN}"])
    def test_with_any_text_is_a_bad_request(self, client: FlaskClient, text: str) -> None:
        refused(client, BOOKS, text)

    def test_of_another_order_is_a_bad_request(self, client: FlaskClient, shared_app: Flask) -> None:
        with shared_app.app_context():
            by_price, of_authors = encode("price", 100, 1), encode("author", "homer", 1)
        for sort in ("popular", "newest", "oldest", "-price", "title"):
            refused(client, f"{BOOKS}?sort={sort}", by_price)
        refused(client, f"{BOOKS}?q=emma", by_price)
        refused(client, BOOKS, of_authors)
        refused(client, "/api/v1/authors", by_price)
        assert client.get(BOOKS, query_string={"sort": "price", "cursor": by_price}).status_code == 200

    def test_too_long_is_invalid(self, client: FlaskClient) -> None:
        assert client.get(BOOKS, query_string={"cursor": "A" * 2001}).status_code == 422

    def test_on_a_page_gives_a_page(self, client: FlaskClient) -> None:
        response = client.get("/books?cursor=forged")
        assert response.status_code < 500
        assert response.mimetype == "text/html"


def refused(client: FlaskClient, address: str, cursor: str) -> None:
    path, _, query = address.partition("?")
    given = dict(pair.split("=") for pair in query.split("&") if pair)
    response = client.get(path, query_string={**given, "cursor": cursor})
    assert response.status_code == 400, cursor
    assert response.mimetype == "application/problem+json"
    assert response.json
    assert response.json["type"] == "/api/docs#problem-bad-request"
