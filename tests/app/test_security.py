"""What every answer and every request of the whole shop keeps to (OWASP ASVS 5.0, chapters 3, 7, 13 and 16)."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from psycopg import Connection
from psycopg.sql import SQL, Identifier
from werkzeug.routing import Rule

from tests.app.catalogue.conftest import AddBook
from tests.app.customers.conftest import PASSWORD, SignUp, signed_up
from tests.app.identity.test_access import VALUES, As, client_as
from tests.app.staff.conftest import AddMember, add_member, current_code
from tests.app.staff.selling import Sell, sell

__all__ = ["add_member", "client_as", "sell", "signed_up"]

HTTPS = "https://localhost"
ONE_YEAR_SECONDS = 31_536_000
# A page, one of an account, one that is private, an API, an error of each, a file.
ANSWERS = ("/", "/books", "/account/login", "/staff/login", "/cart", "/api/docs", "/api/v1/books", "/api/openapi.json",
           "/nothing", "/api/v1/nothing", "/static/x/shop.css", "/robots.txt", "/livez")  # fmt: skip


def everything(owner: Connection) -> dict[str, Any]:
    """What is in each table, as one hash of its rows."""
    tables = owner.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    rows = "SELECT md5(string_agg(row::text, ',' ORDER BY row::text)) FROM {} AS row"
    return {name: owner.execute(SQL(rows).format(Identifier(name))).fetchone() for (name,) in tables}


def rules(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Every address of the shop, with each of its methods."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule, method


def address(app: Flask, rule: Rule, **known: str | int) -> str:
    """An address of a rule, with what is known of its parts and otherwise with what is none."""
    values = {name: (known | VALUES).get(name, "1") for name in rule.arguments}
    with app.test_request_context():
        return str(app.url_for(rule.endpoint, **values))  # type: ignore[arg-type]


class TestHeaders:
    @pytest.mark.parametrize("path", ANSWERS)
    def test_every_answer_tells_browsers_to_be_careful(self, client: FlaskClient, path: str) -> None:
        with client.get(path, base_url=HTTPS) as answer:
            headers = answer.headers
        policy = dict(part.partition(" ")[::2] for part in headers["Content-Security-Policy"].split("; "))
        assert (policy["default-src"], policy["frame-ancestors"], policy["base-uri"]) == ("'none'",) * 3
        assert "script-src" not in policy
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] in ("strict-origin-when-cross-origin", "same-origin")
        assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"
        lasts = re.fullmatch(r"max-age=(\d+); includeSubDomains", headers["Strict-Transport-Security"])
        assert lasts
        assert int(lasts[1]) >= ONE_YEAR_SECONDS
        with client.get(path) as answer:
            assert "Strict-Transport-Security" not in answer.headers


class TestCookies:
    def test_over_tls_every_cookie_is_bound_to_this_host_and_hidden_from_scripts(
        self, app: Flask, owner: Connection, add_book: AddBook, add_member: AddMember, signed_up: SignUp
    ) -> None:
        signed_up()
        client = app.test_client()

        def post(path: str, **data: str) -> Any:
            return client.post(path, data=data, base_url=HTTPS)

        post("/cart/lines", isbn=add_book()["isbn13"])
        answers = [
            post("/cart/lines", isbn=add_book()["isbn13"]),
            post("/account/login", email="jane@example.org", password=PASSWORD),
            post(add_member(), password=PASSWORD),
        ]
        code = current_code(app, owner, "ann")
        answers.append(post("/staff/login/code", code=code))
        answers += [post("/account/logout"), post("/staff/logout")]
        cookies = [cookie for answer in answers for cookie in answer.headers.getlist("Set-Cookie")]
        given = {cookie.partition("=")[0] for cookie in cookies}
        assert given == {"__Host-cart", "__Host-customer", "__Host-staff_password", "__Host-staff"}
        for cookie in cookies:
            value, *flags = cookie.split("; ")
            assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(flags), cookie
            assert not any(flag.startswith("Domain") for flag in flags), cookie
            # 128 bits at least (ASVS 7.2.3); log-out sends an empty one.
            assert len(value.partition("=")[2]) in (0, *range(43, 200)), cookie


class TestForgery:
    @pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
                                         {"Origin": "https://evil.example"}, {"Origin": "null"}])  # fmt: skip
    def test_no_form_of_another_site_is_taken(self, app: Flask, client_as: As, headers: dict[str, str]) -> None:
        client = client_as("staff", 3)
        tried = 0
        for rule, method in rules(app):
            if method != "GET" and not rule.rule.startswith("/api/"):
                assert client.open(address(app, rule), method=method, headers=headers).status_code == 403, rule
                tried += 1
        assert tried > 30

    def test_reading_changes_nothing(
        self, app: Flask, client_as: As, sell: Sell, authorized: dict[str, str], owner: Connection
    ) -> None:
        order: Any = app.test_client().get(f"/api/v1/orders/{sell()}", headers=authorized).json
        book = owner.execute("SELECT isbn13, slug FROM book").fetchone()
        assert book
        known = {"token": order["token"], "number": order["number"], "isbn": book[0], "slug": book[1]}
        clients = [client_as("staff", 3), client_as("customer", 1)]
        before = everything(owner)
        seen = set()
        for rule, method in rules(app):
            if method == "GET":
                for client in clients:
                    with client.get(address(app, rule, **known), headers=authorized) as answer:
                        seen.add(answer.status_code)
        assert everything(owner) == before
        assert {200, 404} <= seen <= {200, 301, 303, 400, 403, 404, 422}


class TestErrors:
    @pytest.mark.parametrize("path", ["/robots.txt", "/api/v1/books"])
    def test_what_nobody_thought_of_says_nothing_of_itself(
        self, app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, path: str
    ) -> None:
        def fail(**_: Any) -> None:
            raise RuntimeError("the password is hunter2")

        endpoint, _ = app.url_map.bind("localhost").match(path)
        monkeypatch.setitem(app.view_functions, endpoint, fail)
        assert not app.debug
        response = client.get(path)
        assert response.status_code == 500
        assert "noted with this request" in response.text
        for word in ("hunter2", "RuntimeError", "Traceback", ".py"):
            assert word not in response.text
