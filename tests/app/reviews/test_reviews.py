"""Reviews: who may write them, who reads them first, and where they are shown."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from bookstore.customers import personal_data
from bookstore.db import ReadSession, unit_of_work
from bookstore.errors import Conflict
from bookstore.identity.sessions import Kind
from bookstore.reviews import service
from tests.app.catalogue.conftest import AddBook
from tests.app.reviews.conftest import GIVEN, AddBuyer

Approve = Callable[[], int]


@pytest.fixture
def isbn(add_book: AddBook) -> str:
    """A book, and another that no test is about."""
    add_book(title="Zzz Noise")
    return str(add_book(title="Emma")["isbn13"])


def page_of(client: FlaskClient, isbn: str) -> str:
    return client.get(f"/books/{isbn}", follow_redirects=True).text


class TestWriting:
    def test_waits_for_the_staff_and_is_shown_then(
        self, client: FlaskClient, isbn: str, add_buyer: AddBuyer, approve: Approve
    ) -> None:
        buyer = add_buyer(isbn)
        assert 'value="Jane"' in buyer.client.get(f"/account/reviews/{isbn}").text
        assert buyer.write(isbn).location == "/account/reviews"
        assert "Waits until we have read it" in buyer.client.get("/account/reviews").text
        assert "No review yet" in page_of(client, isbn)
        assert (client.get(f"/api/v1/books/{isbn}/reviews").json or {})["items"] == []
        assert approve() == 1
        page = page_of(client, isbn)
        assert "A fine book." in page
        assert "Rated <b>4.0</b> out of 5 by one reader who bought it here." in page
        assert "Shown on the book&#39;s page" in buyer.client.get("/account/reviews").text
        (shown,) = (client.get(f"/api/v1/books/{isbn}/reviews").json or {})["items"]
        assert (shown["rating"], shown["name"], shown["body"]) == (4, "Jane", "A fine book.")
        assert shown.keys() == {"rating", "name", "body", "updated_at"}

    def test_again_changes_it_and_it_waits_again(
        self, client: FlaskClient, isbn: str, add_buyer: AddBuyer, approve: Approve, owner: psycopg.Connection
    ) -> None:
        buyer = add_buyer(isbn)
        buyer.write(isbn)
        approve()
        buyer.write(isbn, rating="1", body="")
        assert "A fine book." not in page_of(client, isbn)
        assert owner.execute("SELECT rating, body, state, version FROM review").fetchall() == [(1, None, "pending", 2)]
        assert approve() == 1
        assert "Rated <b>1.0</b>" in page_of(client, isbn)

    def test_many_times_at_once_is_one_review(
        self, app: Flask, isbn: str, add_buyer: AddBuyer, owner: psycopg.Connection
    ) -> None:
        cookie = add_buyer(isbn).client.get_cookie(Kind.CUSTOMER)
        assert cookie

        def write(number: int) -> int:
            client = app.test_client()
            client.set_cookie(Kind.CUSTOMER, cookie.value)
            return client.post(f"/account/reviews/{isbn}", data=GIVEN | {"rating": str(number % 5 + 1)}).status_code

        with ThreadPoolExecutor(4) as pool:
            assert set(pool.map(write, range(12))) == {303}
        assert owner.execute("SELECT count(*), max(version) FROM review").fetchone() == (1, 12)

    @pytest.mark.parametrize("state", ["pending_payment", "cancelled", "refunded"])
    def test_not_of_what_was_not_bought(
        self, isbn: str, add_buyer: AddBuyer, add_book: AddBook, owner: psycopg.Connection, state: str
    ) -> None:
        add_buyer(isbn)
        buyer = add_buyer(add_book()["isbn13"])
        buyer.buy(isbn, state)
        for answer in (buyer.client.get(f"/account/reviews/{isbn}"), buyer.write(isbn)):
            assert answer.status_code == 404
            assert "You can review the books that you have bought here" in answer.text
        assert owner.execute("SELECT count(*) FROM review").fetchone() == (0,)

    @pytest.mark.parametrize("path", ["/account/reviews", "/account/reviews/9780141439587"])
    def test_not_by_nobody(self, client: FlaskClient, path: str) -> None:
        assert str(client.get(path).location).startswith("/account/login?next=%2Faccount%2Freviews")
        assert client.post("/account/reviews/9780141439587", data=GIVEN).location == "/account/login?next=%2Faccount"

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("rating", ""), ("rating", "0"), ("rating", "6"), ("rating", "many"), ("name", " "), ("name", "x" * 81),
            ("name", "a\x07b"), ("body", "x" * 5001), ("body", "a\0b"),
        ],
    )  # fmt: skip
    def test_what_is_wrong_is_said_beside_it_and_the_rest_kept(
        self, isbn: str, add_buyer: AddBuyer, field: str, value: str
    ) -> None:
        answer = add_buyer(isbn).write(isbn, **{field: value})
        assert answer.status_code == 422
        assert f'id="{field}-wrong"' in answer.text
        assert ("A fine book." in answer.text) is (field != "body")

    def test_too_often_is_429_and_keeps_the_words(self, isbn: str, add_buyer: AddBuyer) -> None:
        buyer = add_buyer(isbn)
        for _ in range(service.WRITTEN_AN_HOUR):
            assert buyer.write(isbn).status_code == 303
        answer = buyer.write(isbn, body="One more.")
        assert answer.status_code == 429
        assert "One more." in answer.text
        assert "tried too often" in answer.text
        assert add_buyer(isbn).write(isbn).status_code == 303

    def test_deleting_it(self, client: FlaskClient, isbn: str, add_buyer: AddBuyer, approve: Approve) -> None:
        buyer, other = add_buyer(isbn), add_buyer(isbn)
        buyer.write(isbn, body="Mine.")
        other.write(isbn, body="Theirs.")
        approve()
        assert buyer.client.post(f"/account/reviews/{isbn}/delete").location == "/account/reviews"
        assert "Mine." not in page_of(client, isbn)
        assert "Theirs." in page_of(client, isbn)

    def test_the_list_has_every_book_once(self, add_buyer: AddBuyer, add_book: AddBook) -> None:
        isbns = [add_book(title=f"Book {number:02}")["isbn13"] for number in range(23)]
        buyer = add_buyer(*isbns, isbns[0])
        first = buyer.client.get("/account/reviews").text
        cursor = re.search(r'href="(/account/reviews\?cursor=[^"]+)"', first)
        assert cursor
        second = buyer.client.get(cursor[1]).text
        found = re.findall(r"<bdi>(Book \d\d)</bdi>", first + second)
        assert found == ["Book 00", *(f"Book {number:02}" for number in range(22, 0, -1))]
        assert "Earlier books" not in second
        assert buyer.client.get("/account/reviews?cursor=forged").status_code == 400


class TestModeration:
    def test_nobody_approves_words_that_were_not_read(
        self, app: Flask, client: FlaskClient, authorized: dict[str, str], isbn: str, add_buyer: AddBuyer
    ) -> None:
        buyer = add_buyer(isbn)
        buyer.write(isbn, body="Harmless.")
        tag = client.get("/api/v1/reviews/1", headers=authorized).headers["ETag"]
        buyer.write(isbn, body="Not so.")
        late = authorized | {"If-Match": tag}
        assert client.patch("/api/v1/reviews/1", json={"state": "approved"}, headers=late).status_code == 412
        with app.app_context(), pytest.raises(Conflict), unit_of_work() as session:
            service.approve(session, 1, 1, actor="staff:ann")
        assert "Not so." not in page_of(client, isbn)

    def test_a_rejection_needs_a_reason_that_its_writer_reads(
        self, client: FlaskClient, authorized: dict[str, str], isbn: str, add_buyer: AddBuyer, owner: Any
    ) -> None:
        buyer = add_buyer(isbn)
        buyer.write(isbn)
        match = authorized | {"If-Match": client.get("/api/v1/reviews/1", headers=authorized).headers["ETag"]}
        for wrong in ({"state": "rejected"}, {"state": "approved", "reason": "x"}, {"state": "pending"}):
            assert client.patch("/api/v1/reviews/1", json=wrong, headers=match).status_code == 422
        body = {"state": "rejected", "reason": "It tells the <ending>."}
        answer = client.patch("/api/v1/reviews/1", json=body, headers=match)
        assert (answer.status_code, (answer.json or {})["state"]) == (200, "rejected")
        assert "Not shown: It tells the &lt;ending&gt;." in buyer.client.get("/account/reviews").text
        audited = owner.execute(
            "SELECT actor, action, target, details->>'reason' FROM audit_log WHERE action LIKE 'review.%'"
        ).fetchall()
        assert audited == [("token:tests", "review.rejected", "review:1", "It tells the <ending>.")]

    def test_the_queue_is_read_in_pages_the_oldest_first(
        self, isbn: str, add_buyer: AddBuyer, client: FlaskClient, authorized: dict[str, str]
    ) -> None:
        for number in range(3):
            add_buyer(isbn).write(isbn, body=f"Words {number}")
        first = client.get("/api/v1/reviews?limit=2", headers=authorized).json or {}
        second = client.get(first["next"], headers=authorized).json or {}
        assert [one["body"] for one in first["items"] + second["items"]] == ["Words 0", "Words 1", "Words 2"]
        assert second["next"] is None

    def test_is_for_the_staff(self, client: FlaskClient, isbn: str, add_buyer: AddBuyer) -> None:
        buyer = add_buyer(isbn)
        buyer.write(isbn)
        for path in ("/api/v1/reviews", "/api/v1/reviews/1"):
            assert client.get(path).status_code == 401
            assert buyer.client.get(path).status_code == 401


class TestShown:
    def test_the_books_page_still_reads_once(
        self,
        client: FlaskClient,
        isbn: str,
        add_buyer: AddBuyer,
        approve: Approve,
        counted_queries: Callable[[], AbstractContextManager[list[str]]],
    ) -> None:
        for number in range(5):
            add_buyer(isbn).write(isbn, body=f"Words {number}", rating=str(number + 1))
        approve()
        with counted_queries() as statements:
            page = client.get(f"/books/{isbn}/emma").text
        assert len(statements) == 1
        assert re.findall(r"Words \d", page) == ["Words 4", "Words 3", "Words 2"]
        assert "Rated <b>3.0</b> out of 5 by 5 readers" in page
        assert f'<a href="/books/{isbn}/emma/reviews">All 5 reviews</a>' in page

    def test_the_imported_rating_stays(
        self, client: FlaskClient, add_book: AddBook, add_buyer: AddBuyer, approve: Approve, owner: psycopg.Connection
    ) -> None:
        isbn = add_book(title="Emma")["isbn13"]
        owner.execute("UPDATE book SET rating_average = 4.25, rating_count = 1000")
        add_buyer(isbn).write(isbn, rating="1")
        approve()
        assert owner.execute("SELECT rating_average, rating_count FROM book").fetchone() == (pytest.approx(4.25), 1000)
        assert "4.25" in page_of(client, isbn)

    def test_a_page_of_their_own(
        self, client: FlaskClient, isbn: str, add_buyer: AddBuyer, approve: Approve, owner: psycopg.Connection
    ) -> None:
        for number in range(23):
            add_buyer(isbn).write(isbn, body=f"Words {number:02}")
        approve()
        page = client.get(f"/books/{isbn}/emma/reviews")
        assert page.headers["Cache-Control"] == "public, max-age=60"
        cursor = re.search(r'href="(/books/[^"]+\?cursor=[^"]+)"', page.text)
        assert cursor
        found = re.findall(r"Words \d\d", page.text + client.get(cursor[1]).text)
        assert found == [f"Words {number:02}" for number in range(22, -1, -1)]
        assert client.get(f"/books/{isbn}/other/reviews").location == f"/books/{isbn}/emma/reviews"
        assert client.get(f"/books/{isbn}/emma/reviews?cursor=forged").status_code == 400
        owner.execute("UPDATE book SET active = false")
        for path in (f"/books/{isbn}/emma/reviews", "/books/x/y/reviews", f"/api/v1/books/{isbn}/reviews"):
            assert client.get(path).status_code == 404

    def test_words_stay_words(self, client: FlaskClient, isbn: str, add_buyer: AddBuyer, approve: Approve) -> None:
        add_buyer(isbn).write(isbn, name="<b>\u202eJane", body="<script>alert(1)</script>\n{{ 7 * 7 }} 50 % off")
        approve()
        for page in (page_of(client, isbn), client.get(f"/books/{isbn}/emma/reviews").text):
            assert "&lt;script&gt;alert(1)&lt;/script&gt;\n{{ 7 * 7 }} 50 % off" in page
            assert "<bdi>&lt;b&gt;\u202eJane</bdi>" in page


class TestPersonalData:
    def test_is_given_and_erased_with_the_customer(
        self, app: Flask, client: FlaskClient, isbn: str, add_buyer: AddBuyer, approve: Approve, owner: Any
    ) -> None:
        buyer, other = add_buyer(isbn), add_buyer(isbn)
        buyer.write(isbn, body="Mine.")
        other.write(isbn, body="Theirs.")
        approve()
        assert "Mine." in page_of(client, isbn)
        with app.app_context(), unit_of_work() as session:
            exported = personal_data.export(ReadSession(session.connection()), buyer.id)
            assert [one["body"] for one in exported["reviews"]] == ["Mine."]
            personal_data.erase(session, buyer.id)
        assert owner.execute("SELECT body FROM review").fetchall() == [("Theirs.",)]
        assert "Mine." not in page_of(client, isbn)
