"""POST, PUT, PATCH and DELETE of books."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.app.catalogue.conftest import AddBook, Titles
from tests.app.problems import BOOK as EMMA
from tests.app.problems import BOOKS

pytestmark = pytest.mark.usefixtures("noise")


class TestCreateBook:
    def test_answers_201_with_its_address_and_the_etag_of_get(
        self, client: FlaskClient, authorized: dict[str, str]
    ) -> None:
        response = client.post(BOOKS, json=EMMA, headers=authorized)
        assert response.status_code == 201
        assert response.headers["Location"] == f"{BOOKS}/9780141439587"
        got = client.get(response.headers["Location"])
        assert got.json == response.json
        assert got.headers["ETag"] == response.headers["ETag"]

    @pytest.mark.parametrize("isbn", ["0141439580", "0-14-143958-0", "978-0-14-143958-7"])
    def test_converts_the_isbn(self, client: FlaskClient, authorized: dict[str, str], isbn: str) -> None:
        response = client.post(BOOKS, json=EMMA | {"isbn": isbn}, headers=authorized)
        assert response.headers["Location"] == f"{BOOKS}/9780141439587"

    def test_of_an_isbn_that_exists_is_409_in_any_spelling(
        self, client: FlaskClient, authorized: dict[str, str]
    ) -> None:
        client.post(BOOKS, json=EMMA, headers=authorized)
        response = client.post(BOOKS, json=EMMA | {"isbn": "0-14-143958-0"}, headers=authorized)
        assert response.status_code == 409
        assert response.json
        assert response.json["type"] == "/api/docs#problem-conflict"

    def test_keeps_the_order_of_authors_and_names_each_once(self, add_book: AddBook, client: FlaskClient) -> None:
        book = add_book(authors=["Terry Pratchett", "Neil Gaiman", "terry  pratchett", "Terry Pratchett"])
        assert [author["name"] for author in book["authors"]] == ["Terry Pratchett", "Neil Gaiman"]
        page = client.get(f"/books/{book['isbn13']}", follow_redirects=True)
        assert "Terry Pratchett, Neil Gaiman, " not in page.text

    def test_shares_authors_between_books_under_the_first_spelling(self, add_book: AddBook, titles: Titles) -> None:
        add_book(title="Emma", authors=["Jane Austen"])
        second = add_book(title="Persuasion", authors=["Another", "Jané Austen"])
        assert second["authors"][1] == {"name": "Jane Austen", "slug": "jane-austen"}
        assert sorted(titles(author="jane-austen")) == ["Emma", "Persuasion"]

    def test_leaves_nothing_behind_when_it_fails(
        self, client: FlaskClient, authorized: dict[str, str], titles: Titles
    ) -> None:
        before = titles()
        response = client.post(BOOKS, json=EMMA | {"price_cents": -1}, headers=authorized)
        assert response.status_code == 422
        assert titles() == before


class TestReplaceBook:
    def test_empties_what_is_absent(self, client: FlaskClient, add_book: AddBook, authorized: dict[str, str]) -> None:
        isbn = add_book(subtitle="Old", description="Old", publication_year=1815, language="en")["isbn13"]
        fields = {name: value for name, value in EMMA.items() if name != "isbn"}
        response = client.put(f"{BOOKS}/{isbn}", json=fields, headers=authorized | {"If-Match": "*"})
        assert response.status_code == 200
        book = response.json
        assert book
        assert (book["title"], book["isbn13"]) == ("Emma", isbn)
        assert [book[name] for name in ("subtitle", "description", "publication_year", "language")] == [None] * 4
        assert [author["name"] for author in book["authors"]] == ["Jane Austen"]
        assert client.get(f"{BOOKS}/{isbn}").json == book

    def test_needs_every_required_field(
        self, client: FlaskClient, add_book: AddBook, authorized: dict[str, str]
    ) -> None:
        isbn = add_book()["isbn13"]
        response = client.put(f"{BOOKS}/{isbn}", json={}, headers=authorized | {"If-Match": "*"})
        assert response.status_code == 422
        assert response.json
        assert {error["pointer"] for error in response.json["errors"]} == {
            f"/body/{name}" for name in ("title", "authors", "price_cents", "currency", "stock")
        }


class TestUpdateBook:
    @pytest.mark.parametrize("content_type", ["application/json", "application/merge-patch+json"])
    def test_changes_what_is_sent_and_nothing_else(
        self, client: FlaskClient, add_book: AddBook, authorized: dict[str, str], content_type: str
    ) -> None:
        other, book = add_book(title="Other"), add_book(title="Old", stock=3)
        changed = patch(client, book, {"title": "New Title"}, authorized, content_type)
        assert changed == book | {"title": "New Title", "slug": "new-title"}
        assert client.get(f"{BOOKS}/{other['isbn13']}").json == other

    def test_null_empties_an_optional_field(
        self, client: FlaskClient, add_book: AddBook, authorized: dict[str, str]
    ) -> None:
        book = add_book(subtitle="There and Back", cover_url="https://example.org/a.jpg")
        changed = patch(client, book, {"subtitle": None, "cover_url": None}, authorized)
        assert changed["subtitle"] is None
        assert changed["cover_url"] == f"/covers/{book['isbn13']}.svg"

    def test_of_nothing_changes_nothing(
        self, client: FlaskClient, add_book: AddBook, authorized: dict[str, str]
    ) -> None:
        book = add_book()
        assert patch(client, book, {}, authorized) == book

    def test_reorders_authors(self, client: FlaskClient, add_book: AddBook, authorized: dict[str, str]) -> None:
        book = add_book(authors=["One", "Two", "Three"])
        changed = patch(client, book, {"authors": ["Three", "One"]}, authorized)
        assert [author["name"] for author in changed["authors"]] == ["Three", "One"]

    def test_is_found_by_the_new_words_only(
        self, client: FlaskClient, add_book: AddBook, authorized: dict[str, str], titles: Titles
    ) -> None:
        book = add_book(title="Wuthering Depths", authors=["Acton Bell"])
        patch(client, book, {"title": "Wuthering Heights", "authors": ["Emily Brontë"]}, authorized)
        assert titles(q="depths") == titles(q="acton") == []
        assert titles(q="heights bronte") == ["Wuthering Heights"]

    def test_takes_a_book_off_sale_and_back(
        self, client: FlaskClient, add_book: AddBook, authorized: dict[str, str], titles: Titles
    ) -> None:
        book = add_book(title="Emma")
        patch(client, book, {"active": False}, authorized)
        assert "Emma" not in titles()
        patch(client, book, {"active": True}, authorized)
        assert "Emma" in titles()

    def test_the_isbn_stays(self, client: FlaskClient, add_book: AddBook, authorized: dict[str, str]) -> None:
        address = f"{BOOKS}/{add_book()['isbn13']}"
        response = client.patch(address, json={"isbn": "0141439580"}, headers=authorized | {"If-Match": "*"})
        assert response.status_code == 422


class TestDeleteBook:
    def test_removes_one_book_for_good(
        self, client: FlaskClient, add_book: AddBook, authorized: dict[str, str], titles: Titles
    ) -> None:
        kept, gone = add_book(title="Kept"), add_book(title="Gone")
        before = set(titles())
        address = f"{BOOKS}/{gone['isbn13']}"
        response = client.delete(address, headers=authorized | {"If-Match": "*"})
        assert (response.status_code, response.data) == (204, b"")
        assert "Content-Type" not in response.headers
        assert client.get(address, headers=authorized).status_code == 404
        assert client.delete(address, headers=authorized | {"If-Match": "*"}).status_code == 404
        assert client.get(f"{BOOKS}/{kept['isbn13']}").json == kept
        assert set(titles()) == before - {"Gone"}

    @pytest.mark.parametrize("trick", ["?_method=DELETE", "?method=delete", "/delete", ""])
    def test_never_happens_on_get(
        self, client: FlaskClient, add_book: AddBook, authorized: dict[str, str], trick: str
    ) -> None:
        address = f"{BOOKS}/{add_book()['isbn13']}"
        override = authorized | {"If-Match": "*", "X-HTTP-Method-Override": "DELETE"}
        client.get(f"{address}{trick}", headers=override)
        client.post(f"{address}{trick}", headers=override)
        assert client.get(address).status_code == 200


def patch(
    client: FlaskClient,
    book: dict[str, Any],
    changes: dict[str, Any],
    authorized: dict[str, str],
    content_type: str = "application/json",
) -> dict[str, Any]:
    response = client.patch(
        f"{BOOKS}/{book['isbn13']}",
        json=changes,
        headers=authorized | {"If-Match": "*"},
        content_type=content_type,
    )
    assert response.status_code == 200, response.json
    assert response.json
    return dict(response.json)
