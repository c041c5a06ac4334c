"""A customer's addresses, orders and data."""

import json
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from psycopg import Connection, sql

from bookstore.customers import addresses
from bookstore.db import unit_of_work
from tests.app.customers.conftest import ADDRESS, PASSWORD, SignUp, last_link

AddOrder = Callable[..., str]


class TestAddresses:
    def test_the_first_is_preferred_until_another_is(self, signed_up: SignUp, owner: Connection) -> None:
        client = signed_up()
        for city in ("One", "Two"):
            assert client.post("/account/addresses", data=ADDRESS | {"city": city}).status_code == 303
        preferred = "SELECT city FROM customer_address WHERE preferred"
        assert owner.execute(preferred).fetchall() == [("One",)]
        assert client.post("/account/addresses/2/prefer").status_code == 303
        assert owner.execute(preferred).fetchall() == [("Two",)]
        page = client.get("/account/addresses").text
        assert page.index("Two") < page.index("One")

    def test_change_and_remove(self, signed_up: SignUp, owner: Connection) -> None:
        client = signed_up()
        client.post("/account/addresses", data=ADDRESS)
        assert 'value="1 Main Street"' in client.get("/account/addresses/1").text
        client.post("/account/addresses/1", data=ADDRESS | {"street": "2 Side Street", "region": ""})
        assert owner.execute("SELECT street, region FROM customer_address").fetchall() == [("2 Side Street", None)]
        client.post("/account/addresses/1/remove")
        assert owner.execute("SELECT count(*) FROM customer_address").fetchone() == (0,)

    @pytest.mark.parametrize(
        ("change", "wrong"),
        [
            ({"name": ""}, "name"),
            ({"country": "ZZ"}, "country"),
            ({"country": ""}, "country"),
            ({"city": "x" * 501}, "city"),
        ],
    )
    def test_mistakes_are_named_and_kept(self, signed_up: SignUp, change: dict[str, str], wrong: str) -> None:
        response = signed_up().post("/account/addresses", data=ADDRESS | change)
        assert response.status_code == 422
        assert f'href="#{wrong}"' in response.text
        assert 'value="1 Main Street"' in response.text

    def test_are_limited(self, signed_up: SignUp, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(addresses, "MOST", 1)
        client = signed_up()
        client.post("/account/addresses", data=ADDRESS)
        assert client.post("/account/addresses", data=ADDRESS).status_code == 409

    @pytest.mark.parametrize(("number", "status"), [(2**31, 404), (2**63, 400), (2**70, 400)])
    def test_of_a_huge_number_is_none(self, signed_up: SignUp, number: int, status: int) -> None:
        assert signed_up().get(f"/account/addresses/{number}").status_code == status


class TestOrders:
    def test_of_a_guest_become_theirs_who_confirmed_the_address(
        self, signed_up: SignUp, add_order: AddOrder, client: FlaskClient
    ) -> None:
        before, other = add_order("JANE@example.org"), add_order("joan@example.org")
        jane = signed_up()
        assert before in jane.get("/account/orders").text
        assert jane.get(f"/account/orders/{other}").status_code == 404
        shown = jane.get(f"/account/orders/{before}")
        assert shown.headers["Location"].startswith("/orders/")
        after = add_order()
        assert after not in jane.get("/account/orders").text
        client.post("/account/login", data={"email": "jane@example.org", "password": PASSWORD})
        assert after in client.get("/account/orders").text

    def test_a_forged_cursor_is_400(self, signed_up: SignUp) -> None:
        assert signed_up().get("/account/orders?cursor=forged").status_code == 400


class TestData:
    def test_export_has_all_and_no_secret(self, signed_up: SignUp, add_order: AddOrder, owner: Connection) -> None:
        number = add_order()
        client = signed_up()
        client.post("/account/addresses", data=ADDRESS)
        response = client.get("/account/data.json")
        assert response.headers["Content-Disposition"] == 'attachment; filename="account.json"'
        content = json.loads(response.data)
        assert content["account"][0]["email"] == "jane@example.org"
        assert content["addresses"][0]["street"] == "1 Main Street"
        assert content["orders"][0]["number"] == number
        assert content["orders"][0]["gift_note"] == "Hi"
        assert content["sessions"][0]["user_agent"].startswith("Werkzeug")
        assert content["mails"]
        assert "argon2" not in response.text
        assert "/account/confirm/" not in response.text

    def test_every_table_that_names_customers_is_exported_and_erased(
        self, signed_up: SignUp, add_order: AddOrder, owner: Connection
    ) -> None:
        """After the account is gone, no row of any table holds what is the customer's, but the mail that says so."""
        add_order()
        client = signed_up()
        client.post("/account/addresses", data=ADDRESS)
        assert client.post("/account/delete", data={"password": PASSWORD}).headers["Location"] == "/"
        assert client.get("/account").status_code == 303
        tables = owner.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (table,) in tables:
            rows = sql.SQL("SELECT one::text FROM {} AS one").format(sql.Identifier(table))
            for (row,) in owner.execute(rows).fetchall():
                if table == "outbox_message":
                    assert "deleted" in row
                    continue
                for trace in ("jane@example.org", "Jane Doe", "Main Street"):
                    assert trace not in row, table
        kept = owner.execute("SELECT email, name, street, city, total_cents FROM sales_order").fetchall()
        assert kept == [("erased@erased.invalid", "erased", "erased", "Springfield", 1)]

    def test_delete_needs_the_password(self, signed_up: SignUp, owner: Connection) -> None:
        client = signed_up()
        answers = [client.post("/account/delete", data={"password": "wrong"}).status_code for _ in range(6)]
        assert answers == [422] * 5 + [429]
        assert owner.execute("SELECT count(*) FROM customer").fetchone() == (1,)

    def test_delete_waits_for_what_is_not_sent(self, signed_up: SignUp, add_order: AddOrder, owner: Connection) -> None:
        add_order(state="paid")
        client = signed_up()
        response = client.post("/account/delete", data={"password": PASSWORD})
        assert response.status_code == 409
        assert "not sent yet" in response.text
        assert owner.execute("SELECT name FROM sales_order").fetchall() == [("Jane Doe",)]
        owner.execute("UPDATE sales_order SET state = 'shipped'")
        assert client.post("/account/delete", data={"password": PASSWORD}).status_code == 303

    def test_the_address_can_be_used_again(self, signed_up: SignUp) -> None:
        signed_up().post("/account/delete", data={"password": PASSWORD})
        assert signed_up().get("/account").status_code == 200


class TestApi:
    def test_finds_by_address(self, client: FlaskClient, signed_up: SignUp, app: Flask) -> None:
        from bookstore.tokens import service

        signed_up()
        signed_up("joan@example.org", "Joan")
        with app.app_context(), unit_of_work() as session:
            token = service.add_token(session, "robot", [service.Scope.CUSTOMERS], None)
        headers = {"Authorization": f"Bearer {token}"}
        found = client.get("/api/v1/customers?email=JANE@example.org", headers=headers).json
        assert found
        assert [one["name"] for one in found["items"]] == ["Jane Doe"]
        assert client.get(f"/api/v1/customers/{found['items'][0]['id']}", headers=headers).json == found["items"][0]
        assert client.get("/api/v1/customers/99", headers=headers).status_code == 404
        first = client.get("/api/v1/customers?limit=1", headers=headers).json
        assert first
        second = client.get(first["next"], headers=headers).json
        assert second
        assert [first["items"][0]["name"], second["items"][0]["name"], second["next"]] == ["Joan", "Jane Doe", None]


class TestLogs:
    def test_have_no_personal_data_and_no_secret(
        self, signed_up: SignUp, capfd: pytest.CaptureFixture[str], owner: Connection
    ) -> None:
        client = signed_up()
        client.post("/account/forgotten", data={"email": "jane@example.org"})
        client.get(last_link(owner, "jane@example.org"))
        client.post("/account/login", data={"email": "jane@example.org", "password": "wrong"})
        client.post("/account/addresses", data=ADDRESS)
        client.get("/account/login?next=/account/orders?secret=1")
        cookie = client.get_cookie("customer")
        assert cookie
        out, err = capfd.readouterr()
        assert "customer_log_in_refused" in out + err
        for trace in ("jane", "Jane", PASSWORD, "Main Street", cookie.value, "secret", "ImphbmVA"):
            assert trace not in out + err, trace
