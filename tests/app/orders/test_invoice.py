"""The invoice, for whoever has the order's link."""

from typing import Any

import psycopg
import pytest
from alembic import command
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine

from bookstore import schema
from bookstore.config import Settings
from bookstore.db import unit_of_work
from bookstore.orders import service
from bookstore.orders.states import State
from dev.postgres import OWNER
from tests.app.orders.conftest import PlaceOrder
from tests.databases import Databases


@pytest.fixture
def order(cart: dict[str, Any], place: PlaceOrder) -> dict[str, Any]:
    """An order of two copies."""
    return dict(place(cart["id"]).json)


def reach(app: Flask, order: dict[str, Any], *states: State) -> str:
    with app.app_context(), unit_of_work() as session:
        for state in states:
            service.change_state(session, service.locked_order(session, order["number"]), state, actor="tests")
    return f"/orders/{order['token']}/invoice"


def test_says_who_sold_what_to_whom(
    app: Flask, client: FlaskClient, order: dict[str, Any], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    seller = {"shop_legal_name": "Books & Co. Ltd", "shop_address": "2 High Street, Springfield\n12345"}
    monkeypatch.setitem(app.config, "SETTINGS", settings.model_copy(update=seller))
    page = client.get(reach(app, order, State.PAID))
    assert page.status_code == 200
    for words in (
        "Invoice 1<", order["number"],
        "Books &amp; Co. Ltd", "2 High Street", "12345", "1 Main Street", "United States",
        "$12.99", "$25.98", "$4.49", "$30.47", order["lines"][0]["isbn13"],
    ):  # fmt: skip
        assert words in page.text, words
    assert (page.headers["Cache-Control"], page.headers["Referrer-Policy"]) == ("no-store", "same-origin")


@pytest.mark.parametrize("states", [(), (State.CANCELLED,)])
def test_there_is_none_before_the_payment(
    app: Flask, client: FlaskClient, order: dict[str, Any], states: tuple[State, ...]
) -> None:
    where = reach(app, order, *states)
    assert client.get(where).status_code == 404
    assert "/invoice" not in client.get(where.removesuffix("/invoice")).text


def test_tells_of_a_refund(app: Flask, client: FlaskClient, order: dict[str, Any]) -> None:
    where = reach(app, order, State.PAID, State.REFUNDED)
    assert "Paid, and paid back." in client.get(where).text
    assert where in client.get(where.removesuffix("/invoice")).text


def test_tells_a_tax_that_prices_hold(
    app: Flask, client: FlaskClient, order: dict[str, Any], owner: psycopg.Connection
) -> None:
    owner.execute("UPDATE sales_order SET tax_cents = 199")
    page = client.get(reach(app, order, State.PAID)).text
    assert "Tax, included" in page
    assert "$1.99" in page


def test_a_made_up_link_is_404(client: FlaskClient) -> None:
    assert client.get("/orders/x/invoice").status_code == 404


def test_is_numbered_when_the_order_is_paid_and_keeps_its_number(
    app: Flask, client: FlaskClient, order: dict[str, Any], owner: psycopg.Connection
) -> None:
    assert order["invoice_number"] is None
    owner.execute("INSERT INTO invoice_counter VALUES ('invoice', 41)")
    where = f"/api/v1/orders/{order['number']}?token={order['token']}"
    reach(app, order, State.PAID)
    assert (client.get(where).json or {})["invoice_number"] == 42
    reach(app, order, State.PACKED, State.REFUNDED)
    assert (client.get(where).json or {})["invoice_number"] == 42
    assert owner.execute("SELECT last_number FROM invoice_counter").fetchone() == (42,)


def test_orders_that_were_paid_before_there_were_numbers_get_theirs(databases: Databases) -> None:
    with databases.temporary("invoiced_later") as name:
        engine = create_engine(databases.url(name, OWNER).replace("postgresql:", "postgresql+psycopg:"))
        with engine.connect() as connection:
            config = schema.alembic_config()
            config.attributes["connection"] = connection
            command.downgrade(config, "0005")
            connection.exec_driver_sql(
                "INSERT INTO sales_order (number, state, email, name, street, city, postal_code, country, currency,"
                " subtotal_cents, shipping_cents, tax_cents, total_cents)"
                " SELECT number, 'shipped', '', '', '', '', '', 'US', 'USD', 1, 0, 0, 1"
                " FROM generate_series(1, 4) AS number"
            )
            connection.exec_driver_sql(
                "INSERT INTO sales_order_event (order_id, state, actor)"
                " VALUES (3, 'paid', ''), (1, 'paid', ''), (3, 'refunded', ''), (2, 'cancelled', ''), (4, 'paid', '')"
            )
            connection.commit()
            command.upgrade(config, "head")
            found = connection.exec_driver_sql("SELECT number, order_id FROM invoice ORDER BY number").fetchall()
            counted = connection.exec_driver_sql("SELECT last_number FROM invoice_counter").fetchall()
        engine.dispose()
    assert ([tuple(row) for row in found], [tuple(row) for row in counted]) == ([(1, 3), (2, 1), (3, 4)], [(3,)])
