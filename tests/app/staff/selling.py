"""Orders for the tests of the back office, written as the shop's own services write them."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from bookstore.db import unit_of_work
from bookstore.orders.service import change_state, locked_order
from bookstore.orders.states import State
from tests.app.catalogue.conftest import AddBook

ADDRESS = {
    "name": "A. Reader",
    "street": "1 Main Street",
    "city": "Springfield",
    "postal_code": "12345",
    "country": "US",
}
# The way to each state.
WAYS = {
    State.PENDING_PAYMENT: [],
    State.CANCELLED: [State.CANCELLED],
    State.PAID: [State.PAID],
    State.PACKED: [State.PAID, State.PACKED],
    State.SHIPPED: [State.PAID, State.PACKED, State.SHIPPED],
    State.DELIVERED: [State.PAID, State.PACKED, State.SHIPPED, State.DELIVERED],
    State.REFUNDED: [State.PAID, State.REFUNDED],
}
Sell = Callable[..., str]


@pytest.fixture
def sell(app: Flask, client: FlaskClient, add_book: AddBook) -> Sell:
    """A function that orders copies of a book, takes the order to a state, and gives its number."""
    made = iter(range(10**6))

    def sell_(state: State = State.PAID, book: dict[str, Any] | None = None, quantity: int = 1, **fields: Any) -> str:
        book = book or add_book()
        cart: Any = client.post("/api/v1/carts").json
        line = f"/api/v1/carts/{cart['id']}/lines/{book['isbn13']}"
        assert client.put(line, json={"quantity": quantity}).status_code == 200
        quote: Any = client.post("/api/v1/quotes", json={"cart_id": cart["id"], "country": "US"}).json
        body = {
            "cart_id": cart["id"],
            "email": "reader@example.org",
            "address": ADDRESS,
            "expected_total_cents": quote["total_cents"],
        }
        headers = {"Idempotency-Key": f"sell-{next(made)}"}
        order: Any = client.post("/api/v1/orders", json=body | fields, headers=headers).json
        number = str(order["number"])
        for step in WAYS[state]:
            with app.app_context(), unit_of_work() as session:
                change_state(session, locked_order(session, number), step, actor="system")
        return number

    return sell_
