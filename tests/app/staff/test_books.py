"""Books as staff look after them."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from psycopg import Connection

from bookstore.orders.states import State
from bookstore.staff.roles import Role
from tests.app.catalogue.conftest import AddBook
from tests.app.staff.conftest import LogIn
from tests.app.staff.selling import Sell, sell

__all__ = ["sell"]

FORM = {
    "isbn": "978-0-14-143958-7",
    "title": "Emma",
    "authors": "Jane Austen\r\nFiona Stafford\r\n",
    "price": "$1,299.50",
    "currency": "USD",
    "publication_year": "1815",
    "language": "eng",
    "cover_url": "https://covers.example/emma.jpg",
    "description": "One\r\nTwo",
    "active": "yes",
}
ISBN = "9780141439587"
# What is wrongly filled in, beside which field, and what is said there.
MISTAKES: list[tuple[dict[str, str], str, str]] = [
    ({"isbn": ""}, "isbn", "Please fill this in."),
    ({"isbn": "9780141439588"}, "isbn", "It has a wrong check digit."),
    ({"title": " "}, "title", "Please fill this in."),
    ({"title": "x" * 501}, "title", "This is too long."),
    ({"authors": "\r\n"}, "authors", "Please fill this in."),
    ({"price": ""}, "price", "Please fill this in."),
    ({"price": "cheap"}, "price", "Write an amount such as 12.50."),
    ({"price": "1.005"}, "price", "Write at most 2 decimals."),
    ({"price": "99999999999"}, "price", "This is more than any book can cost."),
    ({"currency": "usd"}, "currency", "Write three capital letters, such as USD."),
    ({"currency": "("}, "currency", "Write three capital letters, such as USD."),
    ({"publication_year": "long ago"}, "publication_year", "Write a year such as 1984 or 720 BC."),
    ({"publication_year": "9999"}, "publication_year", "Write a year such as 1984 or 720 BC."),
    ({"language": "???"}, "language", "Write a language's code"),
    ({"cover_url": "http://a.example/x.jpg"}, "cover_url", "Write an address that begins with https://."),
]


def seen(page: str) -> str:
    found = re.search(r'name="seen" value="(\w+)"', page)
    assert found
    return found[1]


def actions(owner: Connection) -> list[tuple[Any, ...]]:
    log = "SELECT action, target, details FROM audit_log WHERE action LIKE 'book.%' ORDER BY id"
    return owner.execute(log.encode()).fetchall()


class TestList:
    def test_has_all_and_filters(self, enrolled: LogIn, add_book: AddBook) -> None:
        clerk = enrolled("ann", Role.CLERK)
        add_book(title="Visible")
        add_book(title="Hidden", active=False)
        page = clerk.get("/staff/books").text
        assert page.index(">Hidden<") < page.index(">Visible<")
        assert ">Visible<" not in clerk.get("/staff/books?sale=off").text
        assert ">Hidden<" not in clerk.get("/staff/books?sale=on").text
        assert ">Hidden<" in clerk.get("/staff/books?find=hidden").text
        assert ">Visible<" not in clerk.get("/staff/books?find=hidden").text

    def test_finds_by_isbn_and_survives_odd_words(self, enrolled: LogIn, add_book: AddBook) -> None:
        clerk, book = enrolled("ann", Role.CLERK), add_book(title="Mine")
        add_book(title="Other")
        page = clerk.get("/staff/books", query_string={"find": f"ISBN {book['isbn13']}"}).text
        assert ">Mine<" in page
        assert ">Other<" not in page
        for words in ('"', "& | !", "-", "a" * 500, "<script>"):
            assert clerk.get("/staff/books", query_string={"find": words}).status_code == 200

    def test_pages_by_keyset(self, enrolled: LogIn, add_book: AddBook, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("bookstore.staff.pages.books.PER_PAGE", 2)
        clerk = enrolled("ann", Role.CLERK)
        for number in range(3):
            add_book(title=f"Same Word{number}")
        first = clerk.get("/staff/books?find=same&sale=on").text
        link = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
        second = clerk.get(link).text
        assert [f">Same Word{number}<" in second for number in range(3)] == [True, False, False]

    def test_the_api_has_the_same(self, client: FlaskClient, authorized: dict[str, str], add_book: AddBook) -> None:
        visible, hidden = add_book(title="Visible"), add_book(title="Hidden", active=False)

        def found(**query: Any) -> list[str]:
            page = client.get("/api/v1/catalogue", query_string=query, headers=authorized).json or {}
            return [book["title"] for book in page["items"]]

        assert found() == ["Hidden", "Visible"]
        assert found(active="false") == found(find="hidden") == found(find=hidden["isbn13"]) == ["Hidden"]
        assert found(active="true") == ["Visible"]
        first = client.get("/api/v1/catalogue?limit=1", headers=authorized).json or {}
        second = client.get(first["next"], headers=authorized).json or {}
        assert [book["isbn13"] for book in second["items"]] == [visible["isbn13"]]
        assert client.get("/api/v1/catalogue").status_code == 401


class TestAdd:
    def test_takes_what_people_write(
        self, enrolled: LogIn, client: FlaskClient, authorized: dict[str, str], owner: Connection
    ) -> None:
        clerk = enrolled("ann", Role.CLERK)
        assert clerk.post("/staff/books", data=FORM).headers["Location"] == f"/staff/books/{ISBN}"
        book = client.get(f"/api/v1/books/{ISBN}").json
        assert book
        assert [author["name"] for author in book["authors"]] == ["Jane Austen", "Fiona Stafford"]
        assert (book["price_cents"], book["language"], book["publication_year"]) == (129950, "en", 1815)
        assert (book["stock"], book["description"]) == (0, "One\nTwo")
        assert actions(owner) == [("book.add", f"book:{ISBN}", {"title": "Emma"})]

    def test_mistakes_are_beside_their_field_and_all_stays_typed(self, enrolled: LogIn, owner: Connection) -> None:
        clerk = enrolled("ann", Role.CLERK)
        for change, field, text in MISTAKES:
            response = clerk.post("/staff/books", data=FORM | change)
            assert response.status_code == 422, change
            beside = response.text.split(f'id="{field}-wrong">')[1].split("</p>")[0]
            assert text in beside.replace("&#39;", "'")
            assert response.text.count('<p class="wrong"') == 1, change
            for name in {"isbn", "title", "price", "publication_year", "cover_url"} - {field}:
                assert f'value="{FORM[name]}"' in response.text
            assert "Fiona Stafford" in response.text or field == "authors"
        assert owner.execute("SELECT count(*) FROM book").fetchone() == (0,)

    def test_nothing_at_all(self, enrolled: LogIn) -> None:
        response = enrolled("ann", Role.CLERK).post("/staff/books", data={})
        assert response.status_code == 422
        assert response.text.count("Please fill this in.</p>") == 5

    def test_a_taken_isbn(self, enrolled: LogIn) -> None:
        clerk = enrolled("ann", Role.CLERK)
        clerk.post("/staff/books", data=FORM)
        response = clerk.post("/staff/books", data=FORM)
        assert response.status_code == 409
        assert 'id="isbn-wrong"' in response.text


class TestEdit:
    @pytest.fixture
    def clerk(self, enrolled: LogIn) -> FlaskClient:
        clerk = enrolled("ann", Role.CLERK)
        clerk.post("/staff/books", data=FORM)
        return clerk

    def save(self, clerk: FlaskClient, seen_: str, **change: str) -> Any:
        data = {name: value for name, value in FORM.items() if name != "isbn"} | {"seen": seen_} | change
        return clerk.post(f"/staff/books/{ISBN}", data=data)

    def test_saving_what_is_shown_changes_nothing(self, clerk: FlaskClient, owner: Connection) -> None:
        before = owner.execute("SELECT book::text FROM book").fetchone()
        assert self.save(clerk, seen(clerk.get(f"/staff/books/{ISBN}").text)).status_code == 303
        assert owner.execute("SELECT book::text FROM book").fetchone() == before
        assert len(actions(owner)) == 1

    def test_changes_are_saved_and_noted(self, clerk: FlaskClient, owner: Connection) -> None:
        version = seen(clerk.get(f"/staff/books/{ISBN}").text)
        assert self.save(clerk, version, title="Emma!", price="5", authors="Jane Austen").status_code == 303
        row = owner.execute("SELECT title, slug, byline, price_cents, stock FROM book").fetchone()
        assert row == ("Emma!", "emma", "Jane Austen", 500, 0)
        details = {"fields": ["title", "price_cents", "authors"], "price": "1299.50 USD to 5 USD"}
        assert actions(owner)[-1] == ("book.change", f"book:{ISBN}", details)

    def test_of_two_the_second_sees_both_and_loses_nothing(self, clerk: FlaskClient, owner: Connection) -> None:
        version = seen(clerk.get(f"/staff/books/{ISBN}").text)
        assert self.save(clerk, version, title="First").status_code == 303
        response = self.save(clerk, version, title="Second", subtitle="Kept as typed")
        assert response.status_code == 409
        for text in ("This book has changed since", ">First</td>", 'value="Second"', 'value="Kept as typed"'):
            assert text in response.text
        assert owner.execute("SELECT title FROM book").fetchone() == ("First",)
        assert self.save(clerk, seen(response.text), title="Second").status_code == 303
        assert owner.execute("SELECT title FROM book").fetchone() == ("Second",)

    def test_a_mistake_does_not_hide_a_conflict(self, clerk: FlaskClient) -> None:
        version = seen(clerk.get(f"/staff/books/{ISBN}").text)
        self.save(clerk, version, title="First")
        response = self.save(clerk, version, title="Second", price="cheap")
        assert response.status_code == 422
        assert self.save(clerk, seen(response.text), title="Second").status_code == 409

    def test_a_sale_meanwhile_is_no_conflict(self, clerk: FlaskClient, owner: Connection) -> None:
        version = seen(clerk.get(f"/staff/books/{ISBN}").text)
        owner.execute("UPDATE book SET stock = 7, updated_at = now()")
        assert self.save(clerk, version, title="Emma!").status_code == 303
        assert owner.execute("SELECT title, stock FROM book").fetchone() == ("Emma!", 7)

    def test_without_a_fingerprint_is_a_conflict(self, clerk: FlaskClient) -> None:
        assert self.save(clerk, "").status_code == 409

    def test_off_and_on_sale(self, clerk: FlaskClient, client: FlaskClient, owner: Connection) -> None:
        assert clerk.post(f"/staff/books/{ISBN}/sale").status_code == 303
        assert client.get(f"/api/v1/books/{ISBN}").status_code == 404
        assert clerk.post(f"/staff/books/{ISBN}/sale", data={"active": "yes"}).status_code == 303
        assert client.get(f"/api/v1/books/{ISBN}").status_code == 200
        fields = {"fields": ["active"]}
        assert [row[2] for row in actions(owner)[1:]] == [fields | {"active": False}, fields | {"active": True}]

    @pytest.mark.parametrize("path", [ISBN, "nonsense"])
    @pytest.mark.parametrize("action", ["", "/sale"])
    def test_unknown_book(self, enrolled: LogIn, path: str, action: str) -> None:
        clerk = enrolled("ann", Role.CLERK)
        assert clerk.get(f"/staff/books/{path}").status_code == 404
        assert clerk.post(f"/staff/books/{path}{action}", data=FORM).status_code == 404


class TestDelete:
    def test_needs_a_manager(self, enrolled: LogIn, add_book: AddBook, owner: Connection) -> None:
        path = f"/staff/books/{add_book()['isbn13']}"
        clerk, manager = enrolled("ann", Role.CLERK), enrolled("bob", Role.MANAGER)
        assert "Delete for good" not in clerk.get(path).text
        assert clerk.post(f"{path}/delete").status_code == 403
        assert "Delete for good" in manager.get(path).text
        assert manager.post(f"{path}/delete").headers["Location"] == "/staff/books"
        assert manager.get(path).status_code == 404
        assert actions(owner)[-1][2] == {"title": "A Title", "stock": 3}

    def test_of_an_ordered_book_is_refused(
        self, enrolled: LogIn, add_book: AddBook, sell: Sell, owner: Connection
    ) -> None:
        book = add_book()
        sell(State.CANCELLED, book)
        response = enrolled("ann", Role.MANAGER).post(f"/staff/books/{book['isbn13']}/delete")
        assert response.status_code == 409
        assert "take it off sale instead" in response.text
        assert [row[0] for row in actions(owner)] == ["book.add"]
        assert owner.execute("SELECT count(*) FROM book").fetchone() == (1,)
