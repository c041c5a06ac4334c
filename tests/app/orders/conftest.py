"""Fixtures of what is sold."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.app.catalogue.conftest import AddBook

ADDRESS = {
    "name": "A. Reader",
    "street": "1 Main Street",
    "city": "Springfield",
    "postal_code": "12345",
    "country": "US",
}
PlaceOrder = Callable[..., Any]


@pytest.fixture
def cart(client: FlaskClient, add_book: AddBook) -> dict[str, Any]:
    """A cart with two copies of a book of which there are three."""
    book = add_book(price_cents=1299, stock=3)
    made = client.post("/api/v1/carts").json
    assert made
    filled = client.put(f"/api/v1/carts/{made['id']}/lines/{book['isbn13']}", json={"quantity": 2}).json
    assert filled
    return dict(filled)


@pytest.fixture
def order_body(client: FlaskClient) -> Callable[[str], dict[str, Any]]:
    """A function that gives what orders a cart at today's price."""

    def body(cart_id: str) -> dict[str, Any]:
        quote = client.post("/api/v1/quotes", json={"cart_id": cart_id, "country": "US"}).json or {}
        return {
            "cart_id": cart_id,
            "email": "reader@example.org",
            "address": ADDRESS,
            "expected_total_cents": quote["total_cents"],
        }

    return body


@pytest.fixture
def place(client: FlaskClient, order_body: Callable[[str], dict[str, Any]]) -> PlaceOrder:
    """A function that orders a cart and gives the response."""
    made = iter(range(10**6))

    def order(cart_id: str, *, key: str | None = None, **fields: Any) -> Any:
        headers = {"Idempotency-Key": key or f"key-{next(made)}"}
        return client.post("/api/v1/orders", json=order_body(cart_id) | fields, headers=headers)

    return order
