"""ETag and its conditions, methods, and who may keep an answer."""

import pytest
from flask.testing import FlaskClient

from tests.app.catalogue.conftest import AddBook

BOOKS = "/api/v1/books"


class TestIfNoneMatch:
    @pytest.mark.parametrize("template", ["{}", "W/{}", '"other", {}', '"other", W/{}', "*"])
    def test_is_304_for_who_has_it(self, client: FlaskClient, address: str, template: str) -> None:
        tag = client.get(address).headers["ETag"]
        response = client.get(address, headers={"If-None-Match": template.format(tag)})
        assert (response.status_code, response.data) == (304, b"")
        assert response.headers["ETag"] == tag
        assert response.headers["Cache-Control"] == "public, max-age=60"

    @pytest.mark.parametrize("sent", ['"other"', "garbage", "", '"', '""', 'W/"', "\x80"])
    def test_is_200_for_who_has_another(self, client: FlaskClient, address: str, sent: str) -> None:
        assert client.get(address, headers={"If-None-Match": sent}).status_code == 200

    def test_of_the_list(self, client: FlaskClient, add_book: AddBook) -> None:
        add_book()
        tag = client.get(BOOKS).headers["ETag"]
        assert client.get(BOOKS, headers={"If-None-Match": tag}).status_code == 304
        add_book()
        assert client.get(BOOKS, headers={"If-None-Match": tag}).status_code == 200

    def test_of_head(self, client: FlaskClient, address: str) -> None:
        tag = client.get(address).headers["ETag"]
        assert client.head(address, headers={"If-None-Match": tag}).status_code == 304


class TestIfMatch:
    @pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
    def test_is_required(self, client: FlaskClient, address: str, authorized: dict[str, str], method: str) -> None:
        response = client.open(address, method=method, json=FIELDS, headers=authorized)
        assert response.status_code == 428
        assert response.mimetype == "application/problem+json"

    @pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
    @pytest.mark.parametrize("wrong", ['"other"', "W/{}", '"a", "b"'])
    def test_must_name_what_is_there_strongly(
        self, client: FlaskClient, address: str, authorized: dict[str, str], method: str, wrong: str
    ) -> None:
        before = client.get(address)
        headers = authorized | {"If-Match": wrong.format(before.headers["ETag"])}
        response = client.open(address, method=method, json=FIELDS, headers=headers)
        assert response.status_code == 412
        assert client.get(address).json == before.json

    @pytest.mark.parametrize("template", ["{}", '"other", {}', "*"])
    @pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
    def test_lets_the_change_through(
        self, client: FlaskClient, address: str, authorized: dict[str, str], template: str, method: str
    ) -> None:
        headers = authorized | {"If-Match": template.format(client.get(address).headers["ETag"])}
        response = client.open(address, method=method, json=FIELDS, headers=headers)
        assert response.status_code == (204 if method == "DELETE" else 200)

    def test_takes_the_etag_of_a_change(self, client: FlaskClient, address: str, authorized: dict[str, str]) -> None:
        tag = client.get(address).headers["ETag"]
        for stock in (1, 2, 3):
            response = client.patch(address, json={"stock": stock}, headers=authorized | {"If-Match": tag})
            assert response.status_code == 200
            tag = response.headers["ETag"]

    @pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
    def test_comes_after_whether_it_exists(self, client: FlaskClient, authorized: dict[str, str], method: str) -> None:
        response = client.open(f"{BOOKS}/9780141439587", method=method, json=FIELDS, headers=authorized)
        assert response.status_code == 404


class TestMethods:
    @pytest.mark.parametrize(
        ("path", "allowed"),
        [
            ("", {"GET", "HEAD", "OPTIONS", "POST"}),
            ("/9780141439587", {"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"}),
        ],
    )
    def test_others_are_405_with_allow(self, client: FlaskClient, path: str, allowed: set[str]) -> None:
        for method in {"TRACE", "BREW", "PUT", "PATCH", "DELETE", "POST"} - allowed:
            response = client.open(BOOKS + path, method=method)
            assert response.status_code == 405
            assert set(response.headers["Allow"].split(", ")) == allowed
            assert response.mimetype == "application/problem+json"
            assert response.json
            assert response.json["status"] == 405
        options = client.options(BOOKS + path)
        assert options.status_code == 200
        assert set(options.headers["Allow"].split(", ")) == allowed


class TestCaching:
    @pytest.mark.parametrize("path", [BOOKS, f"{BOOKS}?q=emma", "/api/v1/authors", "/", "/books", "/books?q=emma"])
    def test_anyone_may_keep_the_catalogue(self, client: FlaskClient, add_book: AddBook, path: str) -> None:
        add_book(title="Emma")
        response = client.get(path, headers={"Cookie": "session=abc; other=1"})
        assert response.status_code == 200
        assert response.headers["Cache-Control"] == "public, max-age=60"
        assert "Cookie" not in response.headers.get("Vary", "")
        assert "Set-Cookie" not in response.headers

    def test_nobody_keeps_what_a_token_got(self, client: FlaskClient, address: str, authorized: dict[str, str]) -> None:
        assert client.get(address, headers=authorized).headers["Cache-Control"] == "private, no-cache"

    def test_nobody_keeps_a_change(self, client: FlaskClient, address: str, authorized: dict[str, str]) -> None:
        response = client.patch(address, json={}, headers=authorized | {"If-Match": "*"})
        assert response.headers["Cache-Control"] == "private, no-cache"

    def test_nobody_keeps_an_error(self, client: FlaskClient) -> None:
        for path in (f"{BOOKS}/9780141439587", f"{BOOKS}?limit=0", "/nothing"):
            assert client.get(path).headers["Cache-Control"] == "no-store"


FIELDS = {"title": "T", "authors": ["A"], "price_cents": 1, "currency": "USD", "stock": 1}


@pytest.fixture
def address(add_book: AddBook) -> str:
    add_book(title="Another")
    return f"{BOOKS}/{add_book()['isbn13']}"
