"""The invoice, for whoever has the order's link."""

from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from bookstore.config import Settings
from bookstore.db import unit_of_work
from bookstore.orders import service
from bookstore.orders.states import State
from tests.app.orders.conftest import PlaceOrder


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
        f"Invoice {order['number']}", "Books &amp; Co. Ltd", "2 High Street", "12345", "1 Main Street", "United States",
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
