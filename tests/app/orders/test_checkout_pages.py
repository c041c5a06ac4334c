"""Checking out by the pages, without a script."""

import re
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from bookstore.config import PaymentProvider
from tests.app.catalogue.conftest import AddBook
from tests.app.orders.conftest import ADDRESS, PlaceOrder
from tests.app.problems import assert_problem

GIVEN = {"email": "reader@example.org", **ADDRESS, "street2": "", "region": "", "gift_note": "Enjoy"}


@pytest.fixture
def filled(client: FlaskClient, add_book: AddBook) -> str:
    """The browser's cart has a book; its ISBN."""
    isbn = str(add_book(price_cents=1000, stock=3)["isbn13"])
    client.post("/cart/lines", data={"isbn": isbn})
    return isbn


def hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))


def order(client: FlaskClient, form: dict[str, str]) -> Any:
    return client.post("/orders", data=form)


def test_the_review_shows_the_total_and_buys_nothing(
    client: FlaskClient, filled: str, owner: psycopg.Connection
) -> None:
    page = client.post("/checkout", data=GIVEN)
    assert page.status_code == 200
    assert "$13.99" in page.text
    assert "United States" in page.text
    assert "Enjoy" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert owner.execute("SELECT count(*) FROM sales_order").fetchone() == (0,)


def test_a_double_click_is_one_order(client: FlaskClient, filled: str, owner: psycopg.Connection) -> None:
    form = hidden(client.post("/checkout", data=GIVEN).text)
    first, second = order(client, form), order(client, form)
    assert first.status_code == second.status_code
    assert owner.execute("SELECT count(*) FROM sales_order").fetchone() == (1,)
    assert owner.execute("SELECT stock FROM book").fetchone() == (2,)


def test_a_changed_price_is_shown_before_paying(client: FlaskClient, filled: str, owner: psycopg.Connection) -> None:
    form = hidden(client.post("/checkout", data=GIVEN).text)
    owner.execute("UPDATE book SET price_cents = 2000")
    response = order(client, form)
    assert response.status_code == 409
    assert "The total is $23.99 now, not $13.99" in response.text
    again = hidden(response.text)
    assert again["key"] == form["key"]
    order(client, again)
    assert owner.execute("SELECT total_cents FROM sales_order").fetchone() == (2399,)


def test_too_many_orders_of_one_client_are_429_with_the_form_kept(
    app: Flask, client: FlaskClient, filled: str, owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "SETTINGS", app.config["SETTINGS"].model_copy(update={"orders_per_hour": 1}))
    order(client, hidden(client.post("/checkout", data=GIVEN).text))
    client.post("/cart/lines", data={"isbn": filled})
    response = order(client, hidden(client.post("/checkout", data=GIVEN).text))
    assert response.status_code == 429
    assert "This was tried too often: wait 60 minutes" in response.text
    assert hidden(response.text)["street"] == GIVEN["street"]
    assert owner.execute("SELECT stock, (SELECT count(*) FROM sales_order) FROM book").fetchone() == (2, 1)


def test_sold_out_meanwhile_is_said(client: FlaskClient, filled: str, owner: psycopg.Connection) -> None:
    form = hidden(client.post("/checkout", data=GIVEN).text)
    owner.execute("UPDATE book SET stock = 0")
    response = order(client, form)
    assert response.status_code == 409
    assert "sold out" in response.text


@pytest.mark.parametrize(
    ("field", "value"),
    [("email", "nobody"), ("name", " "), ("street", ""), ("city", "x" * 501), ("postal_code", ""), ("country", "XX1")],
)
def test_what_is_wrong_is_said_beside_it_and_the_rest_kept(
    client: FlaskClient, filled: str, field: str, value: str
) -> None:
    page = client.post("/checkout", data=GIVEN | {field: value})
    assert page.status_code == 422
    assert f'id="{field}-wrong"' in page.text
    kept = "street" if field != "street" else "city"
    assert f'value="{GIVEN[kept]}"' in page.text


def test_a_country_that_is_not_sent_to_is_said(client: FlaskClient, filled: str) -> None:
    page = client.post("/checkout", data=GIVEN | {"country": "AQ"})
    assert page.status_code == 422
    assert "We do not send to this country yet." in page.text


def test_going_back_keeps_the_address(client: FlaskClient, filled: str) -> None:
    form = hidden(client.post("/checkout", data=GIVEN).text)
    page = client.post("/checkout", data=form | {"edit": "1"})
    assert page.status_code == 200
    assert 'value="1 Main Street"' in page.text


@pytest.mark.parametrize("missing", ["key", "expected_total_cents"])
def test_an_incomplete_form_is_400(client: FlaskClient, filled: str, missing: str) -> None:
    form = hidden(client.post("/checkout", data=GIVEN).text)
    assert order(client, {name: value for name, value in form.items() if name != missing}).status_code == 400


def test_an_empty_cart_leads_to_the_cart(client: FlaskClient) -> None:
    assert client.get("/checkout").location == "/cart"
    assert client.post("/checkout", data=GIVEN).location == "/cart"


def test_an_unpaid_order_can_be_called_off_once(client: FlaskClient, filled: str, owner: psycopg.Connection) -> None:
    order(client, hidden(client.post("/checkout", data=GIVEN).text))
    row = owner.execute("SELECT substring(body FROM '/orders/(\\S+)') FROM outbox_message").fetchone()
    assert row
    where = f"/orders/{row[0]}"
    assert client.post(f"{where}/cancel").location == where
    assert client.post(f"{where}/cancel").status_code == 409
    assert "Cancelled" in client.get(where).text
    assert owner.execute("SELECT stock FROM book").fetchone() == (3,)


def test_a_made_up_link_is_404(client: FlaskClient) -> None:
    for token in ("x", "IjAwMDAtMDAwMC0wMDAwIg.AAAA", "0000-0000-0000"):
        assert client.get(f"/orders/{token}").status_code == 404
        assert client.post(f"/orders/{token}/cancel").status_code == 404


class TestWithoutProvider:
    """An order that nobody can pay would only keep its books from others."""

    @pytest.fixture
    def closed(self, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
        """The shop has no way to take payments any more."""
        settings = app.config["SETTINGS"].model_copy(update={"payment_provider": PaymentProvider.NONE})
        monkeypatch.setitem(app.config, "SETTINGS", settings)
        monkeypatch.setitem(app.extensions, "payments", None)

    @pytest.mark.usefixtures("closed")
    def test_the_cart_says_so_and_offers_no_checkout(self, client: FlaskClient, filled: str) -> None:
        page = client.get("/cart").text
        assert "This shop cannot take orders now." in page
        assert filled in page
        assert "/checkout" not in page
        assert client.get("/checkout").location == "/cart"
        assert client.post("/checkout", data=GIVEN).location == "/cart"

    def test_a_form_of_before_takes_no_stock(
        self, request: pytest.FixtureRequest, client: FlaskClient, filled: str, owner: psycopg.Connection
    ) -> None:
        form = hidden(client.post("/checkout", data=GIVEN).text)
        request.getfixturevalue("closed")
        response = order(client, form)
        assert response.status_code == 409
        assert "This shop cannot take orders now" in response.text
        assert owner.execute("SELECT stock, (SELECT count(*) FROM sales_order) FROM book").fetchone() == (3, 0)

    def test_an_order_of_before_offers_no_payment(
        self, request: pytest.FixtureRequest, client: FlaskClient, filled: str, owner: psycopg.Connection
    ) -> None:
        order(client, hidden(client.post("/checkout", data=GIVEN).text))
        row = owner.execute("SELECT substring(body FROM '/orders/(\\S+)') FROM outbox_message").fetchone()
        assert row
        request.getfixturevalue("closed")
        page = client.get(f"/orders/{row[0]}").text
        assert "It cannot be paid just now" in page
        assert "/payment" not in page
        assert "Call the order off" in page

    @pytest.mark.usefixtures("closed")
    def test_the_api_refuses_with_the_reason(
        self, cart: dict[str, Any], place: PlaceOrder, owner: psycopg.Connection
    ) -> None:
        response = place(cart["id"])
        assert response.status_code == 409
        assert_problem(response)
        assert "cannot take orders now" in response.json["detail"]
        assert owner.execute("SELECT stock, (SELECT count(*) FROM sales_order) FROM book").fetchone() == (3, 0)
