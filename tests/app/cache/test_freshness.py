"""What one process commits, the next read of every other shows: compared with a process that has no cache."""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from bookstore.catalogue.csv_rows import CatalogueFile
from bookstore.catalogue.importing import import_rows
from bookstore.customers import personal_data
from bookstore.db import unit_of_work
from bookstore.orders.service import change_state, locked_order
from bookstore.orders.states import State
from bookstore.staff.roles import Role
from tests.app.catalogue.conftest import AddBook
from tests.app.reviews.conftest import AddBuyer, Buyer
from tests.app.staff.conftest import LogIn
from tests.app.staff.selling import Sell

NEW = "9780141439600"


@dataclass
class Shop:
    """Writes of every kind, by one process, on three books of which two have an author in common."""

    app: Flask
    client: FlaskClient
    clerk: FlaskClient
    headers: dict[str, str]
    emma: dict[str, Any]
    persuasion: dict[str, Any]
    buyer: Buyer
    approve: Callable[[], int]
    sell: Sell
    number: str = ""

    def send(self, method: str, book: dict[str, Any], **fields: Any) -> int:
        path = f"/api/v1/books/{book['isbn13']}"
        match = {"If-Match": self.client.get(path, headers=self.headers).headers["ETag"]}
        return self.client.open(path, method=method, json=fields or None, headers=self.headers | match).status_code

    def patch(self, **fields: Any) -> None:
        assert self.send("PATCH", self.emma, **fields) == 200

    def add(self) -> None:
        book = {"isbn": NEW, "title": "Lady Susan", "authors": ["Jane Austen"], "stock": 1}
        body = book | {"price_cents": 700, "currency": "USD"}
        assert self.client.post("/api/v1/books", json=body, headers=self.headers).status_code == 201

    def delete(self) -> None:
        assert self.send("DELETE", self.persuasion) == 204

    def receive(self) -> None:
        path = f"/staff/stock/{self.emma['isbn13']}/receive"
        assert self.clerk.post(path, data={"quantity": "7", "reference": "Note 1"}).status_code == 303

    def order(self) -> None:
        self.number = self.sell(State.PENDING_PAYMENT, self.emma, quantity=3)

    def cancel(self) -> None:
        with self.app.app_context(), unit_of_work() as session:
            change_state(session, locked_order(session, self.number), State.CANCELLED, actor="system")

    def write_review(self) -> None:
        assert self.buyer.write(self.emma["isbn13"], body="On reflection, no.").status_code == 303

    def review(self) -> None:
        assert self.buyer.write(self.emma["isbn13"]).status_code == 303
        assert self.approve() == 1

    def remove_review(self) -> None:
        path = f"/account/reviews/{self.emma['isbn13']}/delete"
        assert self.buyer.client.post(path).status_code == 303

    def erase_reviewer(self) -> None:
        with self.app.test_request_context(), unit_of_work() as session:
            personal_data.erase(session, self.buyer.id)

    def import_file(self) -> None:
        file = io.StringIO()
        row = {"isbn": self.emma["isbn13"], "title": "Emma!", "authors": "Jane Austen", "price_cents": "1"}
        writer = csv.DictWriter(file, row)
        writer.writeheader()
        writer.writerow(row)
        file.seek(0)
        with self.app.app_context():
            report = import_rows(CatalogueFile(file, {"currency": "USD", "price_cents": 1, "stock": 0}), print)
        assert report.updated == 1


# In this order: each changes something that somebody sees.
WRITES: dict[str, Callable[[Shop], object]] = {
    "a price": lambda shop: shop.patch(price_cents=1),
    "a title": lambda shop: shop.patch(title="EMMA"),
    "other authors": lambda shop: shop.patch(authors=["Charlotte Bronte"]),
    "the authors that it had": lambda shop: shop.patch(authors=["Jane Austen"]),
    "no stock, by the API": lambda shop: shop.patch(stock=0),
    "stock, by the staff": Shop.receive,
    "an order": Shop.order,
    "an order that is cancelled": Shop.cancel,
    "a review": Shop.review,
    "a review that is written anew": Shop.write_review,
    "a review that is back": Shop.review,
    "a review that is removed": Shop.remove_review,
    "one more review": Shop.review,
    "a reviewer who is erased": Shop.erase_reviewer,
    "a new book": Shop.add,
    "a book that is removed": Shop.delete,
    "an import": Shop.import_file,
    "a book that is off sale": lambda shop: shop.patch(active=False),
}


@pytest.fixture
def shop(
    app: Flask,
    client: FlaskClient,
    authorized: dict[str, str],
    enrolled: LogIn,
    add_book: AddBook,
    add_buyer: AddBuyer,
    approve: Callable[[], int],
    sell: Sell,
) -> Shop:
    emma = add_book(title="Emma", authors=["Jane Austen"], stock=3)
    persuasion = add_book(title="Persuasion", authors=["Jane Austen"])
    add_book(title="Villette", authors=["Charlotte Bronte"])
    return Shop(
        app, client, enrolled("ann", Role.CLERK), authorized, emma, persuasion, add_buyer(emma["isbn13"]), approve, sell
    )


def reads(client: FlaskClient) -> dict[str, tuple[int, str]]:
    """What every cached address gives now, whichever books there are."""
    isbns = ["9780000000002", "9780000000019", "9780000000026", NEW]
    paths = [
        *(f"/api/v1/books/{isbn}" for isbn in isbns),
        *(f"/books/{isbn}" for isbn in isbns),
        *(f"/books/{isbn}/{slug}" for isbn, slug in zip(isbns, ("emma", "persuasion", "villette"), strict=False)),
        *(f"/authors/{slug}" for slug in ("jane-austen", "charlotte-bronte")),
        *(f"/api/v1/authors/{slug}" for slug in ("jane-austen", "charlotte-bronte")),
        *("/", "/books", "/books?q=austen", "/books?q=emma&in_stock=1", "/books?q=enma", "/authors"),
        *("/api/v1/books", "/api/v1/books?q=austen", "/api/v1/books?limit=1", "/api/v1/books?q=enma"),
        *("/api/v1/books?in_stock=true&price_to=1000", "/api/v1/authors"),
    ]
    return {path: (answer.status_code, answer.text) for path in paths for answer in [client.get(path)]}


def test_a_committed_write_is_in_the_next_read(shop: Shop, reader: FlaskClient, uncached: FlaskClient) -> None:
    before = reads(reader)
    for kind, write in WRITES.items():
        assert reads(reader) == before, kind
        write(shop)
        after = reads(uncached)
        assert after != before, kind
        for process in (reader, shop.client):
            assert reads(process) == after, kind
        before = after
