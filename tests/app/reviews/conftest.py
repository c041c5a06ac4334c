"""Customers who have bought books."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from psycopg import Connection
from sqlalchemy import insert

from bookstore.customers.models import Customer
from bookstore.db import unit_of_work
from bookstore.identity import sessions
from bookstore.identity.sessions import Kind

GIVEN = {"rating": "4", "name": "Jane", "body": "A fine book."}


@dataclass(frozen=True)
class Buyer:
    """A customer who has logged in."""

    id: int
    client: FlaskClient
    owner: Connection

    def buy(self, isbn: str, state: str = "shipped") -> None:
        """Have an order of one book."""
        self.owner.execute(
            "WITH made AS (INSERT INTO sales_order (number, state, customer_id, email, name, street, city, postal_code,"
            " country, currency, subtotal_cents, shipping_cents, tax_cents, total_cents)"
            " VALUES (gen_random_uuid(), %s, %s, 'j@b.org', 'J', 'S', 'C', '1', 'US', 'USD', 1, 0, 0, 1) RETURNING id)"
            " INSERT INTO sales_order_line (order_id, book_id, isbn13, title, quantity, price_cents)"
            " SELECT made.id, book.id, isbn13, title, 1, 1 FROM made, book WHERE isbn13 = %s",
            [state, self.id, isbn],
        )

    def write(self, isbn: str, **fields: str) -> Any:
        """Send the form."""
        return self.client.post(f"/account/reviews/{isbn}", data=GIVEN | fields)


AddBuyer = Callable[..., Buyer]


@pytest.fixture
def add_buyer(app: Flask, owner: Connection) -> AddBuyer:
    """A function that makes a customer, who has bought these books."""
    made = iter(range(10**6))

    def add(*isbns: str) -> Buyer:
        email = f"reader{next(made)}@example.org"
        new = insert(Customer).values(email=email, name="Jane Doe", password_hash="-").returning(Customer.id)
        with app.test_request_context(), unit_of_work() as session:
            customer_id = session.scalars(new).one()
            token = sessions.start(session, Kind.CUSTOMER, customer_id)
        client = app.test_client()
        client.set_cookie(Kind.CUSTOMER, token)
        buyer = Buyer(customer_id, client, owner)
        for isbn in isbns:
            buyer.buy(isbn)
        return buyer

    return add


@pytest.fixture
def approve(client: FlaskClient, authorized: dict[str, str]) -> Callable[[], int]:
    """A function that approves through the API all that waits, and gives how many."""

    def approving() -> int:
        waiting = (client.get("/api/v1/reviews?limit=100", headers=authorized).json or {})["items"]
        for one in waiting:
            address = f"/api/v1/reviews/{one['id']}"
            match = {"If-Match": client.get(address, headers=authorized).headers["ETag"]}
            assert client.patch(address, json={"state": "approved"}, headers=authorized | match).status_code == 200
        return len(waiting)

    return approving
