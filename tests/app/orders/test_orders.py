"""Orders through the API."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from bookstore.db import unit_of_work
from bookstore.errors import Conflict
from bookstore.orders import idempotency, service
from bookstore.orders.states import TRANSITIONS, State
from tests.app.catalogue.conftest import AddBook
from tests.app.orders.conftest import ADDRESS, PlaceOrder
from tests.app.problems import assert_problem, invalid

ORDERS = "/api/v1/orders"
LEDGER = "SELECT quantity, reason, reference FROM stock_movement ORDER BY id"
AGREES = """
SELECT count(*) FROM book WHERE stock <>
    (SELECT coalesce(sum(quantity), 0) FROM stock_movement WHERE book_id = book.id)
"""


def stock(owner: psycopg.Connection) -> int:
    row = owner.execute("SELECT stock FROM book").fetchone()
    assert row
    assert owner.execute(AGREES).fetchone() == (0,)
    return int(row[0])


class TestPlacing:
    def test_takes_stock_snapshots_prices_and_empties_the_cart(
        self, client: FlaskClient, cart: dict[str, Any], place: PlaceOrder, owner: psycopg.Connection
    ) -> None:
        response = place(cart["id"])
        assert response.status_code == 201, response.text
        order = response.json
        assert order["state"] == "pending_payment"
        assert (order["subtotal_cents"], order["shipping_cents"], order["total_cents"]) == (2598, 449, 3047)
        assert order["lines"][0]["quantity"] == 2
        assert order["history"][0]["state"] == "pending_payment"
        assert stock(owner) == 1
        assert owner.execute(LEDGER).fetchall()[-1] == (-2, "sold", order["number"])
        assert client.get(f"/api/v1/carts/{cart['id']}").json["lines"] == []  # type: ignore[index]
        owner.execute("UPDATE book SET price_cents = 1")
        assert client.get(response.headers["Location"]).json["lines"][0]["price_cents"] == 1299  # type: ignore[index]

    def test_writes_the_mail_with_the_link(
        self, client: FlaskClient, cart: dict[str, Any], place: PlaceOrder, owner: psycopg.Connection
    ) -> None:
        order = place(cart["id"]).json
        ((recipient, body),) = owner.execute("SELECT recipient, body FROM outbox_message").fetchall()
        assert recipient == "reader@example.org"
        assert f"/orders/{order['token']}" in body
        assert order["number"] in client.get(f"/orders/{order['token']}").text

    def test_too_few_copies_is_409_and_changes_nothing(
        self, client: FlaskClient, cart: dict[str, Any], place: PlaceOrder, owner: psycopg.Connection
    ) -> None:
        owner.execute("UPDATE book SET stock = 1")
        response = place(cart["id"])
        assert response.status_code == 409
        assert_problem(response)
        assert "only 1 left" in response.json["detail"]
        assert stock(owner) == 1
        assert owner.execute("SELECT count(*) FROM sales_order").fetchone() == (0,)
        assert len((client.get(f"/api/v1/carts/{cart['id']}").json or {})["lines"]) == 1

    def test_one_short_book_of_two_takes_neither(
        self, client: FlaskClient, cart: dict[str, Any], place: PlaceOrder, add_book: AddBook, owner: psycopg.Connection
    ) -> None:
        other = add_book(stock=0)["isbn13"]
        client.put(f"/api/v1/carts/{cart['id']}/lines/{other}", json={"quantity": 1})
        assert place(cart["id"]).status_code == 409
        assert owner.execute("SELECT stock FROM book ORDER BY id").fetchall() == [(3,), (0,)]

    def test_another_total_than_agreed_is_409_with_the_new_one(self, cart: dict[str, Any], place: PlaceOrder) -> None:
        response = place(cart["id"], expected_total_cents=1)
        assert response.status_code == 409
        assert response.json["errors"] == [{"pointer": "/body/expected_total_cents", "detail": "is 3047 now"}]

    def test_an_empty_cart_is_409(self, client: FlaskClient, place: PlaceOrder) -> None:
        empty = (client.post("/api/v1/carts").json or {})["id"]
        assert place(empty).status_code == 409

    def test_a_country_without_a_zone_is_422(self, cart: dict[str, Any], place: PlaceOrder) -> None:
        invalid(place(cart["id"], address=ADDRESS | {"country": "AQ"}), "/body/address/country")

    @pytest.mark.parametrize(
        "email", ["", "x", "a@b", "a b@example.org", "a@example.org\nBcc: b@example.org", "<a@b.c>"]
    )
    def test_an_unusable_email_is_422(self, cart: dict[str, Any], place: PlaceOrder, email: str) -> None:
        invalid(place(cart["id"], email=email), "/body/email")


class TestLimit:
    """Each order keeps books from others for a while (OWASP API4:2023)."""

    def test_is_of_one_client_and_of_orders_that_were_placed(
        self,
        app: Flask,
        client: FlaskClient,
        add_book: AddBook,
        place: PlaceOrder,
        owner: psycopg.Connection,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        isbn = add_book(stock=9)["isbn13"]
        monkeypatch.setitem(app.config, "SETTINGS", app.config["SETTINGS"].model_copy(update={"orders_per_hour": 2}))

        def order(address: str, **fields: Any) -> Any:
            monkeypatch.setitem(client.environ_base, "REMOTE_ADDR", address)
            cart_id = (client.post("/api/v1/carts").json or {})["id"]
            client.put(f"/api/v1/carts/{cart_id}/lines/{isbn}", json={"quantity": 1})
            return place(cart_id, **fields)

        assert [order("192.0.2.1", expected_total_cents=1).status_code for _ in range(3)] == [409] * 3
        first = order("192.0.2.1", key="first")
        assert [order("192.0.2.1").status_code for _ in range(2)] == [201, 429]
        refused = order("192.0.2.1")
        assert_problem(refused)
        assert 3500 < int(refused.headers["Retry-After"]) <= 3600
        assert order("192.0.2.2").status_code == 201
        assert client.get(first.headers["Location"]).status_code == 200
        assert stock(owner) == 6


class TestIdempotency:
    def test_a_repeated_request_repeats_the_answer(
        self, client: FlaskClient, cart: dict[str, Any], order_body: Callable[..., Any], owner: psycopg.Connection
    ) -> None:
        body, headers = order_body(cart["id"]), {"Idempotency-Key": '"one"'}
        first = client.post(ORDERS, json=body, headers=headers)
        owner.execute("UPDATE sales_order SET state = 'paid'")
        again = client.post(ORDERS, json=body, headers={"Idempotency-Key": "one"})
        assert (first.status_code, first.data) == (again.status_code, again.data)
        assert first.headers["Location"] == again.headers["Location"]
        assert owner.execute("SELECT count(*) FROM sales_order").fetchone() == (1,)

    def test_another_request_with_the_key_is_422(self, cart: dict[str, Any], place: PlaceOrder) -> None:
        assert place(cart["id"], key="one").status_code == 201
        assert place(cart["id"], key="one", expected_total_cents=1).status_code == 422

    @pytest.mark.parametrize("key", [None, "", "a b", "x" * 256, '"half', "é"])
    def test_without_a_usable_key_is_400(
        self, client: FlaskClient, cart: dict[str, Any], order_body: Callable[..., Any], key: str | None
    ) -> None:
        headers = {} if key is None else {"Idempotency-Key": key}
        response = client.post(ORDERS, json=order_body(cart["id"]), headers=headers)
        assert response.status_code == 400
        assert_problem(response)

    def test_a_failure_is_not_kept(self, cart: dict[str, Any], place: PlaceOrder, owner: psycopg.Connection) -> None:
        owner.execute("UPDATE book SET stock = 0")
        assert place(cart["id"], key="one").status_code == 409
        owner.execute("UPDATE book SET stock = 5")
        assert place(cart["id"], key="one").status_code == 201

    def test_old_keys_are_purged(
        self, app: Flask, cart: dict[str, Any], place: PlaceOrder, owner: psycopg.Connection
    ) -> None:
        place(cart["id"])
        with app.app_context(), unit_of_work() as session:
            assert idempotency.purge(session) == 0
        owner.execute("UPDATE idempotency_key SET created_at = now() - interval '73 hours'")
        with app.app_context(), unit_of_work() as session:
            assert idempotency.purge(session) == 1


class TestReading:
    def test_needs_the_orders_own_token_or_a_scope(
        self, client: FlaskClient, cart: dict[str, Any], place: PlaceOrder, authorized: dict[str, str]
    ) -> None:
        order = place(cart["id"]).json
        where = f"{ORDERS}/{order['number']}"
        assert client.get(where).status_code == 401
        assert client.get(f"{where}?token=wrong").status_code == 404
        assert client.get(f"{ORDERS}/0000-0000-0000?token={order['token']}").status_code == 404
        assert client.get(where, headers=authorized).status_code == 200
        assert client.get(f"/orders/{order['number']}").status_code == 404

    def test_lists_pages_of_orders(
        self, client: FlaskClient, add_book: AddBook, place: PlaceOrder, authorized: dict[str, str]
    ) -> None:
        isbn = add_book(stock=9)["isbn13"]
        for _ in range(3):
            cart_id = (client.post("/api/v1/carts").json or {})["id"]
            client.put(f"/api/v1/carts/{cart_id}/lines/{isbn}", json={"quantity": 1})
            place(cart_id)
        where: str | None = f"{ORDERS}?limit=2&state=pending_payment"
        seen = []
        while where:
            page = client.get(where, headers=authorized).json or {}
            seen.append(len(page["items"]))
            where = page["next"]
        assert seen == [2, 1]
        assert client.get(ORDERS).status_code == 401


class TestStates:
    def test_each_step_is_a_row_of_history(
        self, client: FlaskClient, cart: dict[str, Any], place: PlaceOrder, authorized: dict[str, str], app: Flask
    ) -> None:
        number = place(cart["id"]).json["number"]
        with app.app_context(), unit_of_work() as session:
            service.change_state(session, service.locked_order(session, number), State.PAID, actor="payments")
        for state in ("packed", "shipped", "delivered"):
            body = {"state": state, "reason": f"made {state}"}
            response = client.post(f"{ORDERS}/{number}/transitions", json=body, headers=authorized)
            assert response.status_code == 200, response.text
        history = (response.json or {})["history"]
        assert [event["state"] for event in history] == ["pending_payment", "paid", "packed", "shipped", "delivered"]

    @pytest.mark.parametrize("before", State)
    @pytest.mark.parametrize("to", State)
    def test_only_steps_of_the_table_are_taken(
        self, app: Flask, cart: dict[str, Any], place: PlaceOrder, owner: psycopg.Connection, before: State, to: State
    ) -> None:
        number = place(cart["id"]).json["number"]
        owner.execute("UPDATE sales_order SET state = %s", [before])
        with app.app_context():
            if to in TRANSITIONS[before]:
                with unit_of_work() as session:
                    service.change_state(session, service.locked_order(session, number), to, actor="test")
            else:
                with pytest.raises(Conflict), unit_of_work() as session:
                    service.change_state(session, service.locked_order(session, number), to, actor="test")
        back = to in TRANSITIONS[before] and to in ("cancelled", "refunded") and before not in ("shipped", "delivered")
        assert stock(owner) == (3 if back else 1)

    def test_unpaid_orders_expire_and_restock(
        self, app: Flask, cart: dict[str, Any], place: PlaceOrder, owner: psycopg.Connection
    ) -> None:
        place(cart["id"])
        with app.app_context(), unit_of_work() as session:
            assert service.expire_reservations(session) == 0
        owner.execute("UPDATE sales_order SET reserved_until = now() - interval '1 second'")
        with app.app_context(), unit_of_work() as session:
            assert service.expire_reservations(session) == 1
        assert stock(owner) == 3
        assert owner.execute("SELECT state FROM sales_order").fetchone() == ("cancelled",)
        assert owner.execute("SELECT count(*) FROM outbox_message").fetchone() == (2,)


class TestDeletingBooks:
    def test_a_book_that_was_sold_stays(
        self, client: FlaskClient, cart: dict[str, Any], place: PlaceOrder, authorized: dict[str, str]
    ) -> None:
        place(cart["id"])
        where = f"/api/v1/books/{cart['lines'][0]['isbn13']}"
        tag = client.get(where).headers["ETag"]
        response = client.delete(where, headers=authorized | {"If-Match": tag})
        assert response.status_code == 409
        assert "active" in (response.json or {})["detail"]
