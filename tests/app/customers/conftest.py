"""Customers, made as they would be: by way of a mail."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from psycopg import Connection

PASSWORD = "violet otters hum at noon"
ADDRESS = {
    "name": "Jane Doe", "street": "1 Main Street", "city": "Springfield", "postal_code": "12345", "country": "US",
}  # fmt: skip
SignUp = Callable[..., FlaskClient]


def last_link(owner: Connection, recipient: str) -> str:
    """The path of the link in the last mail to someone."""
    row = owner.execute(
        "SELECT body FROM outbox_message WHERE recipient = %s ORDER BY id DESC LIMIT 1", (recipient,)
    ).fetchone()
    assert row
    found = re.search(r"http://localhost:8000(/\S+)", row[0])
    assert found
    return found[1]


@pytest.fixture
def signed_up(app: Flask, owner: Connection) -> SignUp:
    """A function that makes an account, and gives the client that has logged in."""

    def sign_up(email: str = "jane@example.org", name: str = "Jane Doe") -> FlaskClient:
        client = app.test_client()
        assert client.post("/account/sign-up", data={"email": email}).status_code == 200
        done = client.post(last_link(owner, email), data={"name": name, "password": PASSWORD})
        assert done.headers["Location"] == "/account"
        return client

    return sign_up


@pytest.fixture
def add_order(owner: Connection) -> Callable[..., str]:
    """A function that stores an order, and gives its number."""
    made = iter("0123456789")

    def add(email: str = "jane@example.org", state: str = "delivered") -> str:
        number = f"AAAA-AAAA-AAA{next(made)}"
        owner.execute(
            "INSERT INTO sales_order (number, state, email, name, street, city, postal_code, country, currency,"
            " subtotal_cents, shipping_cents, tax_cents, total_cents, gift_note)"
            " VALUES (%s, %s, %s, 'Jane Doe', '1 Main Street', 'Springfield', '12345', 'US', 'USD', 1, 0, 0, 1, 'Hi')",
            (number, state, email),
        )
        return number

    return add
