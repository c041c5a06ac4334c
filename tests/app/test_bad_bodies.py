"""Bodies that nobody should send: each gets an answer that names what is wrong, and none is a 500."""

import json

import pytest
from flask.testing import FlaskClient

from tests.app.problems import BOOK, BOOKS, HUGE, assert_problem, invalid


class TestBody:
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"{'a': 1}",
            b"\xff\xfe",
            b"[" * 100_000,
            b'{"a":' * 100_000,
            b"nul",
            b'{"title": "\\ud800"}',
            b"\0",
        ],
    )
    def test_that_is_no_json_is_a_bad_request(
        self, client: FlaskClient, authorized: dict[str, str], body: bytes
    ) -> None:
        response = client.post(BOOKS, data=body, headers=authorized, content_type="application/json")
        assert response.status_code == 400
        assert_problem(response)

    @pytest.mark.parametrize("body", ["null", "[]", "1", '"text"', "true", "[[{}]]", "{}"])
    def test_of_another_shape_is_invalid(self, client: FlaskClient, authorized: dict[str, str], body: str) -> None:
        response = client.post(BOOKS, data=body, headers=authorized, content_type="application/json")
        assert response.status_code == 422
        assert_problem(response)

    @pytest.mark.parametrize(
        "content_type", [None, "", "text/plain", "application/x-www-form-urlencoded", "x", "a/b; c"]
    )
    def test_of_another_type_is_415(
        self, client: FlaskClient, authorized: dict[str, str], content_type: str | None
    ) -> None:
        response = client.post(BOOKS, data=json.dumps(BOOK), headers=authorized, content_type=content_type)
        assert response.status_code == 415
        assert_problem(response)

    def test_of_10_megabytes_is_413(self, client: FlaskClient, authorized: dict[str, str]) -> None:
        response = client.post(BOOKS, json=BOOK | {"title": "x" * 10**7}, headers=authorized)
        assert response.status_code == 413
        assert_problem(response)

    @pytest.mark.parametrize("number", [*HUGE[1:], -1, 1.5, 1e400, float("nan"), True, "1", "", None, [], {}])
    @pytest.mark.parametrize("name", ["price_cents", "stock"])
    def test_of_a_wrong_number_is_invalid(
        self, client: FlaskClient, authorized: dict[str, str], name: str, number: object
    ) -> None:
        invalid(client.post(BOOKS, json=BOOK | {name: number}, headers=authorized), f"/body/{name}")

    @pytest.mark.parametrize("year", [*HUGE, 2201, -4001, 32768, "1999"])
    def test_of_a_wrong_year_is_invalid(self, client: FlaskClient, authorized: dict[str, str], year: object) -> None:
        response = client.post(BOOKS, json=BOOK | {"publication_year": year}, headers=authorized)
        invalid(response, "/body/publication_year")

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("title", "a\0b"),
            ("title", " "),
            ("title", "x" * 501),
            ("title", "two\nlines"),
            ("subtitle", ""),
            ("description", "\0"),
            ("description", "x" * 20_001),
            ("authors", []),
            ("authors", "Jane"),
            ("authors", ["x"] * 51),
            ("language", "not a tag"),
            ("language", "e\0"),
            ("currency", "usd"),
            ("currency", "USDX"),
            ("currency", "ÄÖÜ"),
            ("cover_url", "javascript:alert(1)"),
            ("cover_url", "http://example.org/a.jpg"),
            ("cover_url", 'https://x/"onload='),
            ("isbn", "9780141439588"),
            ("isbn", "\0" * 13),
            ("active", "yes"),
            ("active", 1),
        ],
    )
    def test_of_a_wrong_text_is_invalid(
        self, client: FlaskClient, authorized: dict[str, str], name: str, value: object
    ) -> None:
        invalid(client.post(BOOKS, json=BOOK | {name: value}, headers=authorized), f"/body/{name}")

    def test_names_every_mistake_at_once(self, client: FlaskClient, authorized: dict[str, str]) -> None:
        body = {
            "isbn": "1", "authors": ["A", " ", 3], "price_cents": -1, "currency": "x", "stock": -1, "a/b": 1, "~": 2,
            "": 3,
        }  # fmt: skip
        invalid(
            client.post(BOOKS, json=body, headers=authorized),
            *("/body/isbn", "/body/title", "/body/authors/1", "/body/authors/2", "/body/price_cents", "/body/currency"),
            *("/body/stock", "/body/a~1b", "/body/~0", "/body/"),
        )

    def test_with_a_key_twice_keeps_the_later(self, client: FlaskClient, authorized: dict[str, str]) -> None:
        body = json.dumps(BOOK)[:-1] + ', "title": "Later"}'
        response = client.post(BOOKS, data=body, headers=authorized, content_type="application/json")
        assert response.json
        assert response.json["title"] == "Later"
