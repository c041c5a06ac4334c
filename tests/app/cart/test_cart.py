"""Carts, through the API and the pages."""

from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from bookstore.cart import service
from bookstore.db import unit_of_work
from tests.app.catalogue.conftest import AddBook
from tests.app.problems import assert_problem, invalid

CARTS = "/api/v1/carts"


@pytest.fixture
def cart_id(client: FlaskClient) -> str:
    response = client.post(CARTS)
    assert response.status_code == 201
    return str((response.json or {})["id"])


class TestApi:
    def test_a_new_cart_is_empty_and_has_an_address(self, client: FlaskClient) -> None:
        response = client.post(CARTS)
        assert response.json
        assert response.json["lines"] == []
        assert client.get(response.headers["Location"]).json == response.json
        assert response.headers["Cache-Control"] == "no-store"

    def test_putting_again_changes_nothing(self, client: FlaskClient, cart_id: str, add_book: AddBook) -> None:
        isbn = add_book(price_cents=500)["isbn13"]
        first = client.put(f"{CARTS}/{cart_id}/lines/{isbn}", json={"quantity": 3})
        again = client.put(f"{CARTS}/{cart_id}/lines/{isbn}", json={"quantity": 3})
        assert first.data == again.data
        assert (first.json or {})["subtotal_cents"] == 1500
        assert client.put(f"{CARTS}/{cart_id}/lines/{isbn}", json={"quantity": 1}).json["subtotal_cents"] == 500  # type: ignore[index]
        assert client.delete(f"{CARTS}/{cart_id}/lines/{isbn}").json["lines"] == []  # type: ignore[index]
        assert client.delete(f"{CARTS}/{cart_id}/lines/{isbn}").status_code == 200

    @pytest.mark.parametrize("quantity", [0, -1, 21, 2**31, 1.5, "2", None, True])
    def test_quantities_have_limits(self, client: FlaskClient, cart_id: str, add_book: AddBook, quantity: Any) -> None:
        isbn = add_book()["isbn13"]
        invalid(client.put(f"{CARTS}/{cart_id}/lines/{isbn}", json={"quantity": quantity}), "/body/quantity")

    def test_lines_have_a_limit(self, client: FlaskClient, cart_id: str, add_book: AddBook, monkeypatch: Any) -> None:
        monkeypatch.setattr(service, "MOST_LINES", 2)
        for _ in range(2):
            client.put(f"{CARTS}/{cart_id}/lines/{add_book()['isbn13']}", json={"quantity": 1})
        response = client.put(f"{CARTS}/{cart_id}/lines/{add_book()['isbn13']}", json={"quantity": 1})
        assert response.status_code == 409
        assert_problem(response)
        assert len((client.get(f"{CARTS}/{cart_id}").json or {})["lines"]) == 2

    def test_shows_todays_price_and_the_one_seen(
        self, client: FlaskClient, cart_id: str, add_book: AddBook, owner: psycopg.Connection
    ) -> None:
        isbn = add_book(price_cents=500, stock=1)["isbn13"]
        client.put(f"{CARTS}/{cart_id}/lines/{isbn}", json={"quantity": 2})
        owner.execute("UPDATE book SET price_cents = 700")
        (line,) = (client.get(f"{CARTS}/{cart_id}").json or {})["lines"]
        assert (line["seen_price_cents"], line["price_cents"], line["in_stock"]) == (500, 700, 1)

    def test_a_book_that_cannot_be_sold_is_refused(self, client: FlaskClient, cart_id: str, add_book: AddBook) -> None:
        for fields in ({"active": False}, {"currency": "EUR"}):
            isbn = add_book(**fields)["isbn13"]
            response = client.put(f"{CARTS}/{cart_id}/lines/{isbn}", json={"quantity": 1})
            assert response.status_code == 409
        missing = client.put(f"{CARTS}/{cart_id}/lines/9780141439587", json={"quantity": 1})
        assert missing.status_code == 404

    def test_an_unknown_or_expired_cart_is_404(
        self, client: FlaskClient, cart_id: str, add_book: AddBook, owner: psycopg.Connection
    ) -> None:
        isbn = add_book()["isbn13"]
        owner.execute("UPDATE cart SET expires_at = now()")
        for unknown in (cart_id, "A" * 24):
            assert client.get(f"{CARTS}/{unknown}").status_code == 404
            assert client.put(f"{CARTS}/{unknown}/lines/{isbn}", json={"quantity": 1}).status_code == 404

    def test_a_change_prolongs_its_life(
        self, client: FlaskClient, cart_id: str, add_book: AddBook, owner: psycopg.Connection
    ) -> None:
        owner.execute("UPDATE cart SET expires_at = now() + interval '1 minute'")
        client.put(f"{CARTS}/{cart_id}/lines/{add_book()['isbn13']}", json={"quantity": 1})
        assert owner.execute("SELECT expires_at > now() + interval '29 days' FROM cart").fetchone() == (True,)


class TestPages:
    def test_a_book_goes_into_a_new_cart_and_stays_there(self, client: FlaskClient, add_book: AddBook) -> None:
        book = add_book(title="Emma", price_cents=799)
        assert "It is empty" in client.get("/cart").text
        response = client.post("/cart/lines", data={"isbn": book["isbn13"]})
        assert (response.status_code, response.location) == (303, "/cart")
        cookie = response.headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        client.post("/cart/lines", data={"isbn": book["isbn13"]})
        page = client.get("/cart").text
        assert "Emma" in page
        assert "$15.98" in page

    def test_over_tls_the_cookie_belongs_to_this_host(self, client: FlaskClient, add_book: AddBook) -> None:
        response = client.post("/cart/lines", data={"isbn": add_book()["isbn13"]}, base_url="https://localhost")
        assert response.headers["Set-Cookie"].startswith("__Host-cart=")
        assert "Secure" in response.headers["Set-Cookie"]

    def test_a_made_up_cookie_is_no_cart(self, client: FlaskClient, cart_id: str, add_book: AddBook) -> None:
        client.put(f"{CARTS}/{cart_id}/lines/{add_book(title='Mine')['isbn13']}", json={"quantity": 1})
        client.set_cookie("cart", cart_id)
        assert "Mine" not in client.get("/cart").text

    def test_quantity_can_be_changed_and_a_book_taken_out(self, client: FlaskClient, add_book: AddBook) -> None:
        isbn = add_book(price_cents=500)["isbn13"]
        client.post("/cart/lines", data={"isbn": isbn})
        client.post(f"/cart/lines/{isbn}", data={"quantity": "2"})
        assert "$10.00" in client.get("/cart").text
        client.post(f"/cart/lines/{isbn}", data={"quantity": "0"})
        assert "It is empty" in client.get("/cart").text

    @pytest.mark.parametrize("quantity", ["", "-1", "21", "x", "1.5", "٣", "9" * 400])
    def test_a_strange_quantity_is_explained(self, client: FlaskClient, add_book: AddBook, quantity: str) -> None:
        isbn = add_book()["isbn13"]
        client.post("/cart/lines", data={"isbn": isbn})
        response = client.post(f"/cart/lines/{isbn}", data={"quantity": quantity})
        assert response.status_code == 400
        assert "Choose from 0 to 20" in response.text

    def test_says_what_is_sold_out_or_dearer(
        self, client: FlaskClient, add_book: AddBook, owner: psycopg.Connection
    ) -> None:
        client.post("/cart/lines", data={"isbn": add_book(price_cents=500)["isbn13"]})
        owner.execute("UPDATE book SET stock = 0, price_cents = 600")
        page = client.get("/cart").text
        assert "Sold out" in page
        assert "was $5.00" in page
        assert "Check out" not in page

    @pytest.mark.parametrize(
        "headers",
        [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}],
    )
    def test_another_sites_form_is_refused(
        self, client: FlaskClient, add_book: AddBook, headers: dict[str, str]
    ) -> None:
        response = client.post("/cart/lines", data={"isbn": add_book()["isbn13"]}, headers=headers)
        assert response.status_code == 403
        assert "Set-Cookie" not in response.headers

    @pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://localhost"}])
    def test_the_shops_own_form_is_taken(self, client: FlaskClient, add_book: AddBook, headers: dict[str, str]) -> None:
        assert client.post("/cart/lines", data={"isbn": add_book()["isbn13"]}, headers=headers).status_code == 303


class TestPurge:
    def test_removes_what_has_expired_only(self, app: Flask, owner: psycopg.Connection, cart_id: str) -> None:
        with app.app_context(), unit_of_work() as session:
            kept = service.create_cart(session)
        owner.execute("UPDATE cart SET expires_at = now() WHERE id = %s", [cart_id])
        with app.app_context(), unit_of_work() as session:
            assert service.purge(session) == 1
        with app.app_context(), unit_of_work() as session:
            assert service.purge(session) == 0
        assert owner.execute("SELECT id FROM cart").fetchall() == [(kept,)]
