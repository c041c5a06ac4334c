"""Bearer tokens: who may change the catalogue."""

import hashlib
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from psycopg import Connection

from bookstore.db import unit_of_work
from bookstore.errors import Conflict, NotFound
from bookstore.tokens import service

BOOKS = "/api/v1/books"
BODY = {"isbn": "9780141439587", "title": "Emma", "authors": ["A"], "price_cents": 1, "currency": "USD", "stock": 1}


class TestAuthorize:
    @pytest.mark.parametrize(
        "header",
        [
            None,
            "",
            "Bearer",
            "Bearer ",
            "Bearer wrong",
            "bearer bookstore_" + "A" * 43,
            "Basic dTpw",
            "Basic \xff",
            "Bearer \xff\xfe",
            "Bearer a b c",
            "Bearer a=b, c=d",
            "Digest x",
            "Bearer " + "A" * 8000,
            "' OR 1=1 --",
        ],
    )
    @pytest.mark.parametrize(
        ("method", "path"),
        [("POST", ""), ("PUT", "/9780141439587"), ("PATCH", "/9780141439587"), ("DELETE", "/9780141439587")],
    )
    @pytest.mark.usefixtures("token")
    def test_without_a_valid_token_is_401(
        self, client: FlaskClient, method: str, path: str, header: str | None
    ) -> None:
        headers = {} if header is None else {"Authorization": header}
        response = client.open(BOOKS + path, method=method, json=BODY, headers=headers | {"If-Match": "*"})
        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
        assert response.mimetype == "application/problem+json"
        if header and len(header) > 10:
            assert header.split(" ", 1)[1] not in response.text

    def test_the_scheme_is_in_any_case(self, client: FlaskClient, token: str) -> None:
        for scheme in ("Bearer", "bearer", "BEARER"):
            response = client.post(BOOKS, json={}, headers={"Authorization": f"{scheme} {token}"})
            assert response.status_code == 422

    @pytest.mark.parametrize("part", [slice(0, -1), slice(1, None), slice(0, 10)])
    def test_a_part_of_a_token_is_none(self, client: FlaskClient, token: str, part: slice) -> None:
        assert self._status(client, token[part]) == 401

    def test_a_token_in_the_address_is_none(self, client: FlaskClient, token: str) -> None:
        assert client.post(f"{BOOKS}?access_token={token}", json=BODY).status_code == 401

    def test_an_expired_one_is_401(self, client: FlaskClient, token: str, owner: Connection) -> None:
        owner.execute("UPDATE api_token SET expires_at = now() + interval '1 hour'")
        assert self._status(client, token) == 422
        owner.execute("UPDATE api_token SET expires_at = now() - interval '1 second'")
        assert self._status(client, token) == 401

    def test_a_revoked_one_is_401_and_another_stays(self, client: FlaskClient, app: Flask, token: str) -> None:
        other = add(app, "other")
        with app.app_context(), unit_of_work() as session:
            service.revoke_token(session, "other")
        assert self._status(client, other) == 401
        assert self._status(client, token) == 422

    def test_one_without_the_scope_is_403(self, client: FlaskClient, app: Flask) -> None:
        weak = add(app, "weak", scopes=())
        response = client.post(BOOKS, json=BODY, headers={"Authorization": f"Bearer {weak}"})
        assert response.status_code == 403
        assert response.mimetype == "application/problem+json"
        assert weak not in response.text

    def test_is_asked_before_the_body_is_read(self, client: FlaskClient) -> None:
        assert client.post(BOOKS, data="{", content_type="text/plain").status_code == 401

    @staticmethod
    def _status(client: FlaskClient, token: str) -> int:
        return client.post(BOOKS, json={}, headers={"Authorization": f"Bearer {token}"}).status_code


class TestAddToken:
    def test_has_256_random_bits_and_a_prefix_for_scanners(self, app: Flask) -> None:
        made = {add(app, f"token {number}") for number in range(5)}
        assert len(made) == 5
        assert all(token.startswith("bookstore_") and len(token) >= len("bookstore_") + 43 for token in made)

    def test_is_stored_as_a_hash_only(self, app: Flask, token: str, owner: Connection) -> None:
        rows = owner.execute("SELECT api_token::text, sha256 FROM api_token").fetchall()
        assert [row[1] for row in rows] == [hashlib.sha256(token.encode()).digest()]
        assert token not in rows[0][0]
        assert token.removeprefix("bookstore_") not in rows[0][0]

    def test_of_a_taken_name_is_refused_even_when_revoked(self, app: Flask, token: str) -> None:
        with pytest.raises(Conflict):
            add(app, "tests")
        with app.app_context(), unit_of_work() as session:
            service.revoke_token(session, "tests")
        with pytest.raises(Conflict):
            add(app, "tests")

    def test_lives_as_long_as_asked(self, app: Flask, owner: Connection) -> None:
        add(app, "short", days=30)
        (days,) = (
            owner.execute("SELECT extract(day FROM expires_at - %s) FROM api_token", (datetime.now(UTC),)).fetchone()
            or ()
        )
        assert days in (29, 30)


class TestRevokeToken:
    def test_of_an_unknown_name_is_refused(self, app: Flask, token: str) -> None:
        with app.app_context(), pytest.raises(NotFound), unit_of_work() as session:
            service.revoke_token(session, "nobody")

    def test_twice_is_refused(self, app: Flask, token: str) -> None:
        with app.app_context(), unit_of_work() as session:
            service.revoke_token(session, "tests")
        with app.app_context(), pytest.raises(NotFound), unit_of_work() as session:
            service.revoke_token(session, "tests")


def add(
    app: Flask, name: str, *, scopes: tuple[service.Scope, ...] = (service.Scope.CATALOGUE,), days: int | None = None
) -> str:
    with app.app_context(), unit_of_work() as session:
        return service.add_token(session, name, scopes, days)
