"""The list of books: filters, orders, bounds and the number of queries."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

import pytest
from flask.testing import FlaskClient
from psycopg import Connection

from tests.app.catalogue.conftest import AddBook, Titles

BOOKS = "/api/v1/books"
Counting = Callable[[], AbstractContextManager[list[str]]]


class TestFilters:
    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ({}, {"Odyssey", "Emma", "Persuasion", "Undated"}),
            ({"author": "jane-austen"}, {"Emma", "Persuasion"}),
            ({"author": "homer"}, {"Odyssey"}),
            ({"author": "editor"}, {"Odyssey", "Emma"}),
            ({"author": "nobody"}, set()),
            ({"language": "en"}, {"Emma", "Persuasion"}),
            ({"language": "eng"}, {"Emma", "Persuasion"}),
            ({"language": "EN-gb"}, {"Emma", "Persuasion"}),
            ({"language": "xx"}, set()),
            ({"year_from": 1817}, {"Persuasion"}),
            ({"year_to": 1816}, {"Odyssey", "Emma"}),
            ({"year_from": -720, "year_to": -720}, {"Odyssey"}),
            ({"price_from": 1200}, {"Emma", "Undated"}),
            ({"price_to": 1199}, {"Odyssey", "Persuasion"}),
            ({"price_from": 1200, "price_to": 1200}, {"Emma"}),
            ({"in_stock": "true"}, {"Odyssey", "Persuasion"}),
            ({"in_stock": "false"}, {"Odyssey", "Emma", "Persuasion", "Undated"}),
            ({"author": "jane-austen", "in_stock": "true"}, {"Persuasion"}),
            ({"author": "editor", "language": "en", "price_to": 1200, "year_from": 1815}, {"Emma"}),
            ({"q": "emma", "author": "homer"}, set()),
            ({"q": "austen", "in_stock": "true"}, {"Persuasion"}),
            ({"q": "9780140268867", "language": "grc"}, {"Odyssey"}),
            ({"q": "9780140268867", "language": "en"}, set()),
        ],
    )
    def test_choose(self, shelf: None, titles: Titles, query: Mapping[str, Any], expected: set[str]) -> None:
        assert set(titles(**query)) == expected

    @pytest.mark.parametrize("name", ["year", "price"])
    def test_a_range_in_the_wrong_order_is_empty(self, shelf: None, titles: Titles, name: str) -> None:
        assert titles(**{f"{name}_from": 1900, f"{name}_to": 900}) == []


class TestOrders:
    @pytest.mark.parametrize(
        ("sort", "expected"),
        [
            (None, ["Persuasion", "Emma", "Odyssey", "Undated"]),
            ("popular", ["Persuasion", "Emma", "Odyssey", "Undated"]),
            ("relevance", ["Persuasion", "Emma", "Odyssey", "Undated"]),
            ("newest", ["Persuasion", "Emma", "Odyssey", "Undated"]),
            ("oldest", ["Odyssey", "Emma", "Persuasion", "Undated"]),
            ("price", ["Persuasion", "Odyssey", "Emma", "Undated"]),
            ("-price", ["Undated", "Emma", "Odyssey", "Persuasion"]),
            ("title", ["Emma", "Odyssey", "Persuasion", "Undated"]),
        ],
    )
    def test_sort(self, shelf: None, titles: Titles, sort: str | None, expected: list[str]) -> None:
        assert titles(**({"sort": sort} if sort else {})) == expected

    @pytest.mark.parametrize("sort", ["popular", "newest", "oldest", "price", "-price", "title"])
    def test_sort_what_a_search_found(self, shelf: None, titles: Titles, sort: str) -> None:
        listed = [title for title in titles(sort=sort) if title in {"Emma", "Odyssey"}]
        assert titles(sort=sort, q="editor") == listed

    def test_titles_without_regard_to_case_and_accents(self, add_book: AddBook, titles: Titles) -> None:
        for title in ("zebra", "Éclair", "eagle", "Ähre", "Zoo"):
            add_book(title=title)
        assert titles(sort="title") == ["Ähre", "eagle", "Éclair", "zebra", "Zoo"]


class TestLimit:
    def test_is_20_by_default(self, add_book: AddBook, titles: Titles) -> None:
        for _ in range(21):
            add_book()
        assert len(titles()) == 20

    @pytest.mark.parametrize("limit", [1, 2, 100])
    def test_can_be(self, shelf: None, titles: Titles, limit: int) -> None:
        assert len(titles(limit=limit)) == min(limit, 4)

    @pytest.mark.parametrize("limit", [0, -1, 101, 2**31, 2**63, 2**70, 10**400, "1.5", "x", "", "1e1", "NaN"])
    def test_cannot_be(self, client: FlaskClient, limit: object) -> None:
        response = client.get(BOOKS, query_string={"limit": str(limit)})
        assert response.status_code == 422
        assert response.json
        assert [error["pointer"] for error in response.json["errors"]] == ["/query/limit"]


class TestQueries:
    @pytest.mark.parametrize(
        ("address", "most"),
        [
            (BOOKS, 1),
            (f"{BOOKS}?author=jane-austen&language=en&sort=title", 1),
            (f"{BOOKS}?q=austen", 1),
            (f"{BOOKS}?q=9780140268867", 1),
            ("/api/v1/authors", 1),
            ("/api/v1/authors/homer", 1),
        ],
    )
    def test_are_few(
        self, shelf: None, client: FlaskClient, counted_queries: Counting, address: str, most: int
    ) -> None:
        with counted_queries() as queries:
            assert client.get(address).status_code == 200
        assert len(queries) <= most, queries

    def test_are_three_where_another_spelling_is_looked_for(
        self, shelf: None, client: FlaskClient, counted_queries: Counting
    ) -> None:
        with counted_queries() as queries:
            client.get(f"{BOOKS}?q=austin")
        assert len(queries) <= 3, queries


@pytest.fixture
def shelf(add_book: AddBook, owner: Connection) -> None:
    """Four books that differ in everything, and one that is not on sale."""
    add_book(
        isbn="9780140268867", title="Odyssey", authors=["Homer", "Editor"], language="grc", publication_year=-720,
        price_cents=1100, stock=1,
    )  # fmt: skip
    add_book(
        isbn="9780141439587", title="Emma", authors=["Jane Austen", "Editor"], language="en", publication_year=1815,
        price_cents=1200, stock=0,
    )  # fmt: skip
    add_book(
        isbn="9780141439686", title="Persuasion", authors=["Jane Austen"], language="en", publication_year=1817,
        price_cents=900, stock=2,
    )  # fmt: skip
    add_book(isbn="9780679783268", title="Undated", authors=["Anon"], price_cents=5000, stock=0)
    add_book(
        title="Unpublished", authors=["Homer", "Jane Austen", "Editor"], language="en", publication_year=1816,
        active=False,
    )  # fmt: skip
    owner.execute("UPDATE book SET rating_count = 10 WHERE title = 'Odyssey'")
    owner.execute("UPDATE book SET rating_count = 20 WHERE title = 'Emma'")
    owner.execute("UPDATE book SET rating_count = 30 WHERE title = 'Persuasion'")
