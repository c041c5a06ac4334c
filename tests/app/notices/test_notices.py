"""Notices that a book is back: confirmed, sent once, ended."""

import re
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from bookstore.db import unit_of_work
from bookstore.notices import links, service
from tests.app.catalogue.conftest import AddBook
from tests.databases import Databases, bookstore

READER = "reader@example.org"
Mails = Callable[[], list[str]]


@pytest.fixture
def isbn(add_book: AddBook) -> str:
    """A book that is out of stock."""
    return str(add_book(title="Emma", stock=0)["isbn13"])


@pytest.fixture
def mails(owner: psycopg.Connection) -> Mails:
    """A function that gives the bodies of all e-mails, the oldest first."""
    return lambda: [row[0] for row in owner.execute("SELECT body FROM outbox_message ORDER BY id").fetchall()]


def link(mail: str, page: str) -> str:
    found = re.search(rf"http://localhost:8000(/notices/{page}/\S+)", mail)
    assert found
    return found[1]


def ask(client: FlaskClient, isbn: str, email: str = READER) -> Any:
    return client.post(f"/books/{isbn}/notice", data={"email": email})


def send(app: Flask) -> int:
    with app.app_context(), unit_of_work() as session:
        return service.send(session)


@pytest.fixture
def waiting(app: Flask, client: FlaskClient, isbn: str, mails: Mails) -> str:
    """The ISBN of a book that a reader waits for."""
    ask(client, isbn)
    client.post(link(mails()[-1], "confirm"))
    return isbn


def waiters(owner: psycopg.Connection) -> list[str]:
    return [row[0] for row in owner.execute("SELECT email FROM stock_notice ORDER BY id").fetchall()]


def restock(owner: psycopg.Connection, isbn: str, stock: int = 1) -> None:
    owner.execute("UPDATE book SET stock = %s WHERE isbn13 = %s", [stock, isbn])


class TestAsking:
    def test_the_form_is_there_while_the_book_is_out_of_stock(
        self, client: FlaskClient, isbn: str, add_book: AddBook
    ) -> None:
        other = add_book(stock=1)["isbn13"]
        assert f'action="/books/{isbn}/notice"' in client.get(f"/books/{isbn}/emma").text
        assert "/notice" not in client.get(f"/books/{other}", follow_redirects=True).text
        assert ask(client, other).location == f"/books/{other}/a-title"

    def test_nothing_is_kept_before_a_button_is_pressed(
        self, client: FlaskClient, isbn: str, mails: Mails, owner: psycopg.Connection
    ) -> None:
        answer = ask(client, isbn)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-store"
        (mail,) = mails()
        assert client.get(link(mail, "confirm")).status_code == 200
        assert client.get(link(mail, "stop")).status_code == 200
        assert waiters(owner) == []
        for _ in range(2):
            assert "We shall tell you" in client.post(link(mail, "confirm")).text
        assert waiters(owner) == [READER]

    def test_the_answer_is_the_same_whoever_waits(self, client: FlaskClient, waiting: str) -> None:
        assert ask(client, waiting).text.replace(READER, "") == ask(client, waiting, "x@example.org").text.replace(
            "x@example.org", ""
        )

    def test_capitals_are_no_second_reader(
        self, client: FlaskClient, waiting: str, mails: Mails, owner: psycopg.Connection
    ) -> None:
        ask(client, waiting, READER.upper())
        client.post(link(mails()[-1], "confirm"))
        assert waiters(owner) == [READER]

    @pytest.mark.parametrize("email", ["", "nobody", "a@b.org\nBcc: c@b.org", "a@b.org, c@b.org", "a" * 300 + "@b.org"])
    def test_what_is_no_address_is_said_beside_the_field(
        self, client: FlaskClient, isbn: str, mails: Mails, email: str
    ) -> None:
        answer = ask(client, isbn, email)
        assert answer.status_code == 422
        assert 'id="email-wrong"' in answer.text
        assert mails() == []

    def test_an_address_gets_three_mails_an_hour_and_the_answer_does_not_tell(
        self, client: FlaskClient, isbn: str, mails: Mails
    ) -> None:
        assert {ask(client, isbn, email).status_code for email in [READER, READER.upper()] * 3} == {200}
        assert len(mails()) == 3
        assert ask(client, isbn, "other@example.org").status_code == 200
        assert len(mails()) == 4

    def test_a_client_asks_twenty_times_an_hour(self, client: FlaskClient, isbn: str, mails: Mails) -> None:
        answers = [ask(client, isbn, f"reader{number}@example.org") for number in range(21)]
        assert [answer.status_code for answer in answers] == [200] * 20 + [429]
        assert 'value="reader20@example.org"' in answers[20].text
        assert len(mails()) == 20

    def test_links_of_others_and_old_ones_are_404(
        self, app: Flask, client: FlaskClient, isbn: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with app.app_context():
            confirmation, stop = links.confirmation(isbn, READER), links.stop(READER)
        for path in (f"confirm/{confirmation}x", f"confirm/{stop}", f"stop/{confirmation}", "stop/x"):
            assert client.get(f"/notices/{path}").status_code == 404
            assert client.post(f"/notices/{path}").status_code == 404
        monkeypatch.setattr(links, "CONFIRMING_SECONDS", -1)
        assert client.post(f"/notices/confirm/{confirmation}").status_code == 404

    def test_a_book_that_came_back_meanwhile_is_shown(
        self, client: FlaskClient, isbn: str, mails: Mails, owner: psycopg.Connection
    ) -> None:
        ask(client, isbn)
        restock(owner, isbn)
        assert client.post(link(mails()[0], "confirm")).location == f"/books/{isbn}/emma"
        assert waiters(owner) == []

    def test_unknown_books_are_404(self, client: FlaskClient, isbn: str, owner: psycopg.Connection) -> None:
        owner.execute("UPDATE book SET active = false")
        for number in (isbn, "9780141439587", "nothing"):
            assert ask(client, number).status_code == 404


class TestSending:
    def test_one_mail_when_it_is_back_and_no_more(
        self, app: Flask, waiting: str, mails: Mails, owner: psycopg.Connection
    ) -> None:
        assert send(app) == 0
        restock(owner, waiting, 2)
        assert send(app) == 1
        assert waiters(owner) == []
        assert f"http://localhost:8000/books/{waiting}/emma\n" in mails()[-1]
        assert "2 copies" in mails()[-1]
        restock(owner, waiting, 0)
        restock(owner, waiting, 5)
        assert send(app) == 0

    def test_all_are_told_and_nobody_of_another_book(
        self, app: Flask, isbn: str, add_book: AddBook, owner: psycopg.Connection
    ) -> None:
        other = add_book(stock=0)["isbn13"]
        off_sale = add_book(stock=5, active=False)["isbn13"]
        for number in range(4):
            for book in (isbn, other, off_sale):
                owner.execute(
                    "INSERT INTO stock_notice (book_id, email) SELECT id, %s FROM book WHERE isbn13 = %s",
                    [f"{book}.{number}@example.org", book],
                )
        restock(owner, isbn, 1)
        assert send(app) == 4
        told = owner.execute("SELECT recipient FROM outbox_message").fetchall()
        assert {row[0].partition(".")[0] for row in told} == {isbn}
        assert {email.partition(".")[0] for email in waiters(owner)} == {other, off_sale}

    def test_two_at_once_share_the_work(
        self, app: Flask, isbn: str, owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(service, "SENT_AT_ONCE", 2)
        for number in range(4):
            owner.execute(
                "INSERT INTO stock_notice (book_id, email) SELECT id, %s FROM book", [f"{number}@example.org"]
            )
        restock(owner, isbn)
        with app.app_context(), unit_of_work() as first:
            assert service.send(first) == 2
            # Another process' session, while the first has not ended.
            assert send(app) == 2
        assert waiters(owner) == []
        assert owner.execute("SELECT count(DISTINCT recipient), count(*) FROM outbox_message").fetchone() == (4, 4)

    def test_the_command_also_forgets_who_waited_for_a_year(
        self, waiting: str, owner: psycopg.Connection, databases: Databases, database: str
    ) -> None:
        owner.execute("UPDATE stock_notice SET created_at = now() - interval '366 days'")
        done = bookstore("notices", "send", env=databases.environment(database))
        assert "0 notices written, 1 old ones forgotten." in done.stdout
        assert waiters(owner) == []


class TestStopping:
    def test_forgets_every_book_of_the_address(
        self, app: Flask, client: FlaskClient, waiting: str, mails: Mails, owner: psycopg.Connection
    ) -> None:
        owner.execute("INSERT INTO stock_notice (book_id, email) SELECT id, 'other@example.org' FROM book")
        path = link(mails()[0], "stop")
        assert READER in client.get(path).text
        assert waiters(owner) == [READER, "other@example.org"]
        assert "We have forgotten" in client.post(path).text
        assert waiters(owner) == ["other@example.org"]
