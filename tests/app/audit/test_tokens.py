"""What a token changes is noted, in the transaction that changes it."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from psycopg import Connection

from bookstore.orders.states import State
from bookstore.web import Api
from tests.app.catalogue.conftest import AddBook
from tests.app.problems import BOOK
from tests.app.reviews.conftest import AddBuyer, add_buyer
from tests.app.staff.selling import Sell, sell

__all__ = ["add_buyer", "sell"]

ISBN = BOOK["isbn"]
PATH = f"/api/v1/books/{ISBN}"
BOOK_FIELDS = {name: value for name, value in BOOK.items() if name != "isbn"}
ANN = {"username": "ann", "email": "ann@shop.example", "role": "admin"}
BOB = {"username": "bob", "email": "bob@shop.example", "role": "clerk"}
Row = tuple[str, str, dict[str, Any]]
# What each operation that needs a token is noted as; one that is missing here fails the first test.
NOTED: dict[str, Row] = {
    "create_book": ("book.add", f"book:{ISBN}", {"title": "Emma"}),
    "replace_book": ("book.change", f"book:{ISBN}", {"fields": ["title", "authors"]}),
    "update_book": (
        "book.change",
        f"book:{ISBN}",
        {"fields": ["price_cents", "stock"], "price": "7.99 USD to 5 USD", "stock": 6},
    ),
    "add_stock_movement": ("stock.receive", f"book:{ISBN}", {"quantity": 2, "reference": "Note 7", "stock": 8}),
    "delete_book": ("book.delete", f"book:{ISBN}", {"title": "Emma!", "stock": 8}),
    "change_order": ("order.packed", "order:{number}", {"before": "paid", "reason": "Gift wrap"}),
    "moderate_review": ("review.approved", "review:1", {"version": 1, "reason": None}),
    "add_member": ("staff.add", "staff:bob", {"role": "clerk"}),
    "change_member": ("staff.change", "staff:bob", {"role": "manager", "active": True}),
    "reset_member": ("staff.reset", "staff:bob", {}),
    "reset_second_factor": ("staff.reset_second_factor", "staff:bob", {}),
    "end_sessions": ("staff.end_sessions", "staff:bob", {}),
    "unlock_member": ("staff.unlock", "staff:bob", {}),
    "upload_import": ("import.upload", "import:1", {"file": "catalogue.csv", "bytes": 20}),
    "start_import": ("import.start", "import:1", {"file": "catalogue.csv"}),
}
LOG = "SELECT action, target, details FROM audit_log WHERE actor = 'token:tests' ORDER BY id"


@pytest.fixture
def send(client: FlaskClient, authorized: dict[str, str]) -> Callable[..., Any]:
    """A function that sends what changes something, with the present ETag, and gives what was answered."""

    def send_(method: str, path: str, body: Any = None) -> Any:
        tag = client.get(path, headers=authorized).headers.get("ETag", "")
        response = client.open(path, method=method, json=body, headers=authorized | {"If-Match": tag})
        assert response.status_code < 300, response.text
        return response.json

    return send_


def test_every_operation_is_tried_below(app: Flask) -> None:
    apis = [blueprint for blueprint in app.blueprints.values() if isinstance(blueprint, Api)]
    changing = {one.name for api in apis for one in api.operations if one.scope and one.method != "GET"}
    assert changing == NOTED.keys()


def test_books_and_stock(send: Callable[..., Any], owner: Connection) -> None:
    send("POST", "/api/v1/books", BOOK)
    send("PUT", PATH, BOOK_FIELDS | {"title": "Emma!", "authors": ["J. Austen"]})
    send("PATCH", PATH, {"price_cents": 500, "stock": 6})
    send("PATCH", PATH, {"price_cents": 500, "authors": ["J. Austen"]})
    send("POST", f"{PATH}/stock-movements", {"quantity": 2, "reason": "received", "reference": "Note 7"})
    ledger = owner.execute("SELECT quantity, reason, actor FROM stock_movement ORDER BY id").fetchall()
    assert ledger == [
        (quantity, reason, "token:tests") for quantity, reason in [(5, "received"), (1, "corrected"), (2, "received")]
    ]
    send("DELETE", PATH)
    names = ("create_book", "replace_book", "update_book", "add_stock_movement", "delete_book")
    assert owner.execute(LOG.encode()).fetchall() == [NOTED[name] for name in names]


def test_orders(send: Callable[..., Any], sell: Sell, owner: Connection) -> None:
    number = sell(State.PAID)
    send("POST", f"/api/v1/orders/{number}/transitions", {"state": "packed", "reason": "Gift wrap", "before": "paid"})
    action, target, details = NOTED["change_order"]
    last = owner.execute(LOG.encode()).fetchall()[-1]
    assert last == (action, target.format(number=number), details)


def test_reviews(send: Callable[..., Any], add_book: AddBook, add_buyer: AddBuyer, owner: Connection) -> None:
    isbn = add_book()["isbn13"]
    add_buyer(isbn).write(isbn)
    send("PATCH", "/api/v1/reviews/1", {"state": "approved"})
    assert owner.execute(LOG.encode()).fetchall()[-1] == NOTED["moderate_review"]


def test_staff(send: Callable[..., Any], owner: Connection) -> None:
    send("POST", "/api/v1/staff", ANN)
    send("POST", "/api/v1/staff", BOB)
    send("PATCH", "/api/v1/staff/bob", {"role": "manager"})
    for action in ("enrolment", "second-factor-reset", "log-out", "unlock"):
        send("POST", f"/api/v1/staff/bob/{action}")
    names = ("add_member", "change_member", "reset_member", "reset_second_factor", "end_sessions", "unlock_member")
    assert owner.execute(LOG.encode()).fetchall()[1:] == [NOTED[name] for name in names]


def test_imports(
    client: FlaskClient, authorized: dict[str, str], owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bookstore.staff.imports.start", lambda _import_id: None)
    made = client.post("/api/v1/imports", data="isbn,title,authors\n\n", content_type="text/csv", headers=authorized)
    assert made.status_code == 201
    owner.execute("UPDATE catalogue_import SET state = 'checked'")
    assert client.post("/api/v1/imports/1/start", headers=authorized).status_code == 200
    assert owner.execute(LOG.encode()).fetchall() == [NOTED[name] for name in ("upload_import", "start_import")]


def test_what_is_refused_is_not_noted(
    client: FlaskClient, authorized: dict[str, str], sell: Sell, owner: Connection
) -> None:
    book = {"isbn": ISBN, **BOOK_FIELDS}
    assert client.post("/api/v1/books", json=book, headers=authorized).status_code == 201
    number = sell(State.SHIPPED)
    noted = owner.execute("SELECT count(*) FROM audit_log").fetchone()
    move = {"quantity": -9, "reason": "corrected", "reference": "Count"}
    tag = {"If-Match": client.get(PATH).headers["ETag"]}
    for method, path, body, headers in (
        ("POST", "/api/v1/books", book, {}),
        ("PATCH", PATH, {"title": "Other"}, {"If-Match": '"old"'}),
        ("PATCH", PATH, {"active": "no"}, tag),
        ("POST", f"{PATH}/stock-movements", move, {}),
        ("POST", f"/api/v1/orders/{number}/transitions", {"state": "packed"}, {}),
        ("POST", f"/api/v1/orders/{number}/transitions", {"state": "refunded", "before": "paid"}, {}),
    ):
        assert client.open(path, method=method, json=body, headers=authorized | headers).status_code >= 400
    assert owner.execute("SELECT count(*) FROM audit_log").fetchone() == noted
