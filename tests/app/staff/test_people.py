"""Looking after staff: on the pages, by the API, by the command."""

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from psycopg import Connection
from psycopg.errors import InsufficientPrivilege

from bookstore.db import unit_of_work
from bookstore.staff.roles import Role
from bookstore.tokens import service as tokens
from dev.postgres import APP
from tests.app.staff.conftest import PASSWORD, LogIn
from tests.databases import Databases, bookstore

API = "/api/v1/staff"


@pytest.fixture
def staff_token(app: Flask) -> dict[str, str]:
    with app.app_context(), unit_of_work() as session:
        token = tokens.add_token(session, "robot", [tokens.Scope.STAFF, tokens.Scope.AUDIT], None)
    return {"Authorization": f"Bearer {token}"}


def audit(owner: Connection) -> list[tuple[Any, ...]]:
    return owner.execute("SELECT actor, action, target FROM audit_log ORDER BY id").fetchall()


class TestPages:
    def test_add_shows_the_link_once(self, enrolled: LogIn, client: FlaskClient) -> None:
        admin = enrolled()
        data = {"username": "bob", "email": "bob@shop.example", "role": "clerk"}
        page = admin.post("/staff/people", data=data).text
        link = re.search(r"<code>(.+?)</code>", page)
        assert link
        assert "<code>" not in admin.get("/staff/people/bob").text
        path = link[1].removeprefix("http://localhost:8000")
        assert client.post(path, data={"password": PASSWORD}).status_code == 303

    @pytest.mark.parametrize(
        ("data", "wrong"),
        [
            ({"username": "Bob!", "email": "b@shop.example", "role": "clerk"}, "username"),
            ({"username": "bob", "email": "nothing", "role": "clerk"}, "email"),
            ({"username": "bob", "email": "b@shop.example", "role": "king"}, "role"),
            ({}, "username"),
        ],
    )
    def test_mistakes_stay_with_what_was_typed(self, enrolled: LogIn, data: dict[str, str], wrong: str) -> None:
        response = enrolled().post("/staff/people", data=data)
        assert response.status_code == 422
        assert f'href="#{wrong}"' in response.text

    def test_a_taken_name_is_refused(self, enrolled: LogIn) -> None:
        data = {"username": "ann", "email": "other@shop.example", "role": "clerk"}
        assert enrolled().post("/staff/people", data=data).status_code == 409

    def test_the_last_admin_stays(self, enrolled: LogIn) -> None:
        admin = enrolled()
        assert admin.post("/staff/people/ann/deactivate").status_code == 409
        assert admin.post("/staff/people/ann/role", data={"role": "clerk"}).status_code == 409
        enrolled("bob", Role.ADMIN)
        assert admin.post("/staff/people/ann/role", data={"role": "clerk"}).status_code == 303

    @pytest.mark.parametrize("action", ["deactivate", "second-factor", "enrolment", "log-out"])
    def test_ends_the_sessions_of_another(self, enrolled: LogIn, action: str) -> None:
        admin, clerk = enrolled(), enrolled("bob", Role.CLERK)
        assert clerk.get("/staff").status_code == 200
        assert admin.post(f"/staff/people/bob/{action}").status_code in (200, 303)
        assert clerk.get("/staff").status_code == 303

    def test_a_reset_second_factor_is_set_up_anew(self, app: Flask, enrolled: LogIn) -> None:
        admin = enrolled()
        enrolled("bob", Role.CLERK)
        admin.post("/staff/people/bob/second-factor")
        client = app.test_client()
        page = client.post("/staff/login", data={"name": "bob", "password": PASSWORD}, follow_redirects=True)
        assert "<svg" in page.text

    def test_unlock(self, app: Flask, enrolled: LogIn) -> None:
        admin, client = enrolled(), app.test_client()
        enrolled("bob", Role.CLERK)
        for _ in range(6):
            status = client.post("/staff/login", data={"name": "bob", "password": "wrong"}).status_code
        assert status == 429
        admin.post("/staff/people/bob/unlock")
        assert client.post("/staff/login", data={"name": "bob", "password": PASSWORD}).status_code == 303


class TestApi:
    def test_does_what_the_pages_do(self, client: FlaskClient, staff_token: dict[str, str], owner: Connection) -> None:
        body = {"username": "bob", "email": "bob@shop.example", "role": "manager"}
        made = client.post(API, json=body, headers=staff_token)
        assert made.status_code == 201
        assert made.json
        path = made.json["enrolment_url"].removeprefix("http://localhost:8000")
        assert client.post(path, data={"password": PASSWORD}).status_code == 303
        read = client.get(f"{API}/bob", headers=staff_token)
        headers = staff_token | {"If-Match": read.headers["ETag"]}
        changed = client.patch(f"{API}/bob", json={"active": False}, headers=headers)
        assert changed.json == (read.json or {}) | {"active": False}
        assert client.patch(f"{API}/bob", json={"active": True}, headers=headers).status_code == 412
        for action in ("second-factor-reset", "log-out", "unlock"):
            assert client.post(f"{API}/bob/{action}", headers=staff_token).status_code == 204
        assert client.post(f"{API}/bob/enrolment", headers=staff_token).status_code == 409
        assert [row[:2] for row in audit(owner)] == [
            ("token:robot", "staff.add"),
            ("staff:bob", "staff.enrol"),
            ("token:robot", "staff.change"),
            ("token:robot", "staff.reset_second_factor"),
            ("token:robot", "staff.end_sessions"),
            ("token:robot", "staff.unlock"),
        ]
        log = client.get("/api/v1/audit-log?target=staff:bob&limit=2", headers=staff_token).json
        assert log
        assert [item["action"] for item in log["items"]] == ["staff.unlock", "staff.end_sessions"]
        following = client.get(log["next"], headers=staff_token).json
        assert following
        assert [item["action"] for item in following["items"]] == ["staff.reset_second_factor", "staff.change"]

    @pytest.mark.parametrize("path", [API, f"{API}/ann", "/api/v1/audit-log", "/api/v1/customers"])
    def test_needs_the_scope(self, app: Flask, client: FlaskClient, enrolled: LogIn, path: str) -> None:
        with app.app_context(), unit_of_work() as session:
            token = tokens.add_token(session, "weak", [tokens.Scope.CATALOGUE, tokens.Scope.ORDERS], None)
        assert client.get(path).status_code == 401
        assert client.get(path, headers={"Authorization": f"Bearer {token}"}).status_code == 403
        assert enrolled().get(path).status_code == 401


class TestAudit:
    def test_page_filters(self, enrolled: LogIn) -> None:
        admin = enrolled()
        enrolled("bob", Role.CLERK)
        page = admin.get("/staff/audit?target=staff:bob").text
        assert "staff.enrol" in page
        assert "<td>staff:ann</td>" not in page
        assert "There is no such entry" in admin.get("/staff/audit?actor=nobody").text
        assert admin.get("/staff/audit?cursor=forged").status_code == 400

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE audit_log SET actor = 'x'",
            "DELETE FROM audit_log",
            "TRUNCATE audit_log",
            "UPDATE sales_order_event SET actor = 'x'",
            "DELETE FROM sales_order_event",
            "INSERT INTO stock_movement (book_id, quantity, reason) VALUES (1, 1, 'x')",
            "UPDATE stock_movement SET quantity = 1",
            "DELETE FROM stock_movement",
            "INSERT INTO invoice (number, order_id) VALUES (1, 1)",
            "UPDATE invoice SET number = 2",
            "DELETE FROM invoice",
            "UPDATE invoice_counter SET last_number = 1",
        ],
    )
    def test_logs_cannot_be_rewritten(self, databases: Databases, database: str, statement: str) -> None:
        with Connection.connect(databases.url(database, APP)) as connection, pytest.raises(InsufficientPrivilege):
            connection.execute(statement.encode())


class TestCommand:
    def test_add_list_disable_reset(self, databases: Databases) -> None:
        with databases.temporary("staff_command") as name:
            env = databases.environment(name, PUBLIC_URL="https://shop.example")
            for who in ("ann", "bob"):
                link = bookstore("staff", "add", who, "--email", f"{who}@a.example", "--role", "admin", env=env).stdout
                assert link.startswith("https://shop.example/staff/enrol/")
            assert bookstore("staff", "disable", "ann", env=env).stdout == "ann is disabled.\n"
            refused = bookstore("staff", "disable", "bob", env=env, check=False)
            assert refused.returncode == 1
            assert "last admin" in refused.stderr
            assert "/staff/enrol/" in bookstore("staff", "reset", "bob", env=env).stdout
            listed = bookstore("staff", "list", env=env).stdout
            assert listed == "ann\tann@a.example\tadmin\tinactive\nbob\tbob@a.example\tadmin\tnot enrolled\n"
            bad = bookstore("staff", "add", "Bad Name", "--email", "x", "--role", "clerk", env=env, check=False)
            assert bad.returncode == 1
            assert "username: Use 2 to 32 small letters" in bad.stderr
            assert "email: Write an address" in bad.stderr
