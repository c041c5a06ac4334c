"""A German buyer from the shelf to the parcel: every page, every error and every e-mail is German."""

import re
from collections.abc import Iterator
from typing import Any

import html5lib
import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from bookstore.db import unit_of_work
from bookstore.i18n import messages
from bookstore.orders import links, service
from bookstore.orders.states import State
from tests.app.catalogue.conftest import AddBook
from tests.app.customers.conftest import PASSWORD, SignUp

ADDRESS = {
    "name": "Jana Muster", "street": "Hauptstr. 1", "street2": "", "city": "Springfield", "region": "",
    "postal_code": "12345", "country": "US",
}  # fmt: skip
GIVEN = {"email": "jana@example.org", **ADDRESS, "gift_note": "Viel Freude"}
READ_ALOUD = ("alt", "aria-label", "placeholder", "title")


def hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))


def last_mail(owner: psycopg.Connection) -> tuple[str, str]:
    row = owner.execute("SELECT subject, body FROM outbox_message ORDER BY id DESC LIMIT 1").fetchone()
    assert row
    return row[0], row[1]


def order(client: FlaskClient, owner: psycopg.Connection, isbn: str) -> tuple[str, str]:
    """Order a book in German; gives the order's number and its page's path."""
    assert client.post("/de/cart/lines", data={"isbn": isbn}).status_code == 303
    form = hidden(client.post("/de/checkout", data=GIVEN).text)
    client.post("/de/orders", data=form)
    row = owner.execute("SELECT number, language FROM sales_order ORDER BY id DESC LIMIT 1").fetchone()
    assert row
    assert row[1] == "de"
    with client.application.app_context(), unit_of_work() as session:
        made = service.locked_order(session, row[0])
        link = links.address(made.number, made.language)
    return str(row[0]), link.removeprefix("http://localhost:8000")


def test_a_purchase(app: Flask, client: FlaskClient, add_book: AddBook, owner: psycopg.Connection) -> None:
    isbn = add_book(title="Emma", authors=["Jane Austen"], price_cents=1299, stock=3)["isbn13"]
    number, path = order(client, owner, isbn)
    assert path.startswith("/de/orders/")
    assert last_mail(owner)[0] == f"Ihre Bestellung {number} ist bei uns"
    assert path in last_mail(owner)[1]
    assert re.search(r"bis \d\d\.\d\d\.\d{4}, \d\d:\d\d:\d\d UTC", last_mail(owner)[1])
    page = client.get(path).text
    assert "Wartet auf Zahlung" in page
    assert "Vereinigte Staaten" in page
    # Paid by a webhook and packed by staff, in English: the buyer is told in German all the same.
    with app.app_context(), unit_of_work() as session:
        for state in (State.PAID, State.PACKED, State.SHIPPED):
            service.change_state(session, service.locked_order(session, number), state, actor="tests")
    subject, body = last_mail(owner)
    assert subject == f"Bestellung {number} ist unterwegs"
    assert "Sie gehen an Hauptstr. 1, 12345 Springfield" in body
    assert "12,99\N{NO-BREAK SPACE}$" in body
    assert "Rechnung 1" in client.get(f"{path}/invoice").text


def test_reasons_are_translated_where_they_are_shown(
    client: FlaskClient, add_book: AddBook, owner: psycopg.Connection
) -> None:
    isbn = add_book(stock=3)["isbn13"]
    _, path = order(client, owner, isbn)
    client.post(f"{path}/cancel")
    assert "Auf Wunsch storniert." in client.get(path).text
    assert "Auf Wunsch storniert." in last_mail(owner)[1]
    # Kept as it is for staff, who read English.
    assert owner.execute("SELECT reason FROM sales_order_event WHERE reason IS NOT NULL").fetchall() == [
        ("The buyer called it off.",)
    ]


def test_an_order_of_an_unknown_language_is_told_of_in_english(
    app: Flask, client: FlaskClient, add_book: AddBook, owner: psycopg.Connection
) -> None:
    number, _ = order(client, owner, add_book(stock=3)["isbn13"])
    # As a later release, since rolled back, has written it.
    owner.execute("UPDATE sales_order SET language = 'fr'")
    with app.app_context(), unit_of_work() as session:
        service.change_state(session, service.locked_order(session, number), State.PAID, actor="tests")
    subject, body = last_mail(owner)
    assert subject == f"Thank you: order {number} is paid"
    assert "http://localhost:8000/orders/" in body


def test_an_account_is_written_to_in_the_language_of_its_last_log_in(
    app: Flask, signed_up: SignUp, owner: psycopg.Connection
) -> None:
    signed_up("jana@example.org")
    assert owner.execute("SELECT language FROM customer").fetchall() == [("en",)]
    client = app.test_client()
    typed = {"email": "jana@example.org", "password": PASSWORD}
    assert client.post("/de/account/login", data=typed).headers["Location"] == "/de/account"
    # Somebody, perhaps not Jana, asks on an English page.
    app.test_client().post("/account/forgotten", data=typed)
    subject, body = last_mail(owner)
    assert subject.startswith("Ein anderes Passwort für ")
    assert "http://localhost:8000/de/account/reset/" in body


class Marked:
    """A catalogue that puts every message between brackets."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        return f"⟦{singular if number == 1 else plural}⟧"

    def pgettext(self, context: str, message: str) -> str:
        return f"⟦{message}⟧"


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "_catalogue", lambda _language: Marked())


def left(page: str, *data: str) -> set[str]:
    """The words of a page that no catalogue can change, but for data."""
    body = html5lib.parse(page, namespaceHTMLElements=False)
    # What a language, or the shop, is called is no message.
    names = ("Bookstore", "English", "Deutsch", "UTC", "ISBN", *data)
    texts = [body.findtext("head/title") or "", *_texts(body.find("body"))]
    plain = " ".join(texts)
    while (shorter := re.sub(r"⟦[^⟦⟧]*⟧", " ", plain)) != plain:
        plain = shorter
    for name in names:
        plain = plain.replace(name, " ")
    return set(re.findall(r"[^\W\d_]{2,}", plain))


def _texts(element: Any) -> Iterator[str]:
    if element.tag in ("svg", "option", "textarea"):
        yield element.tail or ""
        return
    yield from (element.get(name, "") for name in READ_ALOUD)
    yield element.text or ""
    for child in element:
        yield from _texts(child)
    yield element.tail or ""


def test_no_page_has_words_of_its_own(
    client: FlaskClient, signed_up: SignUp, add_book: AddBook, owner: psycopg.Connection, marked: None
) -> None:
    emma = add_book(title="Emma", authors=["Jane Austen"], price_cents=1299, stock=2)
    owner.execute("UPDATE book SET rating_average = 4.10, rating_count = 1, subtitle = 'Emma', description = 'Emma'")
    gone = add_book(title="Emma", authors=["Jane Austen"], stock=0)
    customer = signed_up()
    data = ("Emma", "Jane Austen", "Jane Doe", "jane@example.org", "jana@example.org")
    for path in (
        "/", "/books", "/books?q=nothing+of+that&year_from=x&price_to=y&in_stock=1", f"/books/{emma['isbn13']}/emma",
        f"/books/{gone['isbn13']}/emma", f"/books/{emma['isbn13']}/emma/reviews", "/authors", "/authors?from=x",
        "/authors/jane-austen", "/nowhere", "/books/1", "/account/login", "/account/sign-up", "/account/forgotten",
        "/cart", "/orders/x",
    ):  # fmt: skip
        page = client.get(f"/de{path}", follow_redirects=True)
        assert left(page.text, *data, "nothing of that") == set(), path
    for path in ("", "/orders", "/reviews", "/addresses", "/addresses/new", "/security", "/data"):
        page = customer.get(f"/de/account{path}")
        assert page.status_code == 200
        assert left(page.text, *data, "Werkzeug") == set(), path
    for path, typed in (
        (f"/books/{gone['isbn13']}/notice", {"email": "x"}),
        (f"/books/{gone['isbn13']}/notice", {"email": "jana@example.org"}),
        ("/account/login", {"email": "x"}),
        ("/account/sign-up", {"email": ""}),
        ("/account/sign-up", {"email": "jana@example.org"}),
    ):
        assert left(client.post(f"/de{path}", data=typed).text, *data) == set(), path
    client.post("/de/cart/lines", data={"isbn": emma["isbn13"]})
    told = (*data, *ADDRESS.values(), "Vereinigte Staaten", "Viel Freude")
    assert left(client.get("/de/cart").text, *told) == set()
    assert left(client.get("/de/checkout").text, *told) == set()
    wrong = dict.fromkeys(GIVEN, "")
    assert left(client.post("/de/checkout", data=wrong).text, *told) == set()
    assert left(client.post("/de/checkout", data=GIVEN).text, *told) == set()
    number, path = order(client, owner, emma["isbn13"])
    assert left(client.get(path).text, *told, number) == set()
