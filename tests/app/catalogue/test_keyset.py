"""Pages of the list: every book once, whatever happens between two pages."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from psycopg import Connection

from tests.app.catalogue.conftest import AddBook

BOOKS = "/api/v1/books"
SORTS = ["popular", "newest", "oldest", "price", "-price", "title"]


class TestWalk:
    @pytest.mark.parametrize("sort", SORTS)
    @pytest.mark.parametrize("limit", [1, 3, 7])
    def test_meets_every_book_once_in_order(
        self, shelves: set[str], client: FlaskClient, sort: str, limit: int
    ) -> None:
        whole = items(client, sort=sort, limit=100)
        walked = list(walk(client, sort=sort, limit=limit))
        assert walked == whole
        assert {item["isbn13"] for item in walked} == shelves
        assert len(walked) == len(shelves)

    @pytest.mark.parametrize("sort", ["relevance", *SORTS])
    def test_of_a_search(self, shelves: set[str], client: FlaskClient, sort: str) -> None:
        walked = [item["isbn13"] for item in walk(client, q="same or different", sort=sort, limit=2)]
        assert len(walked) == len(set(walked))
        assert set(walked) == shelves

    @pytest.mark.parametrize("sort", SORTS)
    def test_is_not_disturbed_by_new_books(
        self, shelves: set[str], client: FlaskClient, add_book: AddBook, sort: str
    ) -> None:
        walked: list[str] = []
        for number, item in enumerate(walk(client, sort=sort, limit=2)):
            walked.append(item["isbn13"])
            if number < 8:
                add_book(title=f"{'aA'[number % 2]} new one", price_cents=number * 300, publication_year=1990 + number)
        assert len(walked) == len(set(walked))
        assert shelves <= set(walked)

    def test_is_not_disturbed_by_the_loss_of_the_last_one_seen(
        self, shelves: set[str], client: FlaskClient, owner: Connection
    ) -> None:
        walked: list[str] = []
        for item in walk(client, sort="title", limit=2):
            walked.append(item["isbn13"])
            owner.execute("DELETE FROM book WHERE isbn13 = %s", (item["isbn13"],))
        assert sorted(walked) == sorted(shelves)

    @pytest.mark.parametrize(
        "title", ["x" * 199 + " y", "\u3042" * 300, "🦊" * 250, '"\\' * 100, "\N{NO-BREAK SPACE}x " * 100]
    )
    def test_goes_on_after_any_title(self, client: FlaskClient, add_book: AddBook, title: str) -> None:
        made = {add_book(title=title)["isbn13"] for _ in range(3)}
        walked = [item["isbn13"] for item in walk(client, sort="title", limit=1)]
        assert len(walked) == 3
        assert set(walked) == made


class TestLink:
    def test_header_equals_next_and_keeps_the_query(self, shelves: set[str], client: FlaskClient) -> None:
        response = client.get(BOOKS, query_string={"limit": "2", "sort": "title", "q": 'same or "größer & besser"'})
        assert response.json
        assert response.headers["Link"] == f'<{response.json["next"]}>; rel="next"'
        following = client.get(response.json["next"])
        assert following.status_code == 200
        assert following.json
        assert following.json["items"]

    def test_is_absent_on_the_last_page(self, shelves: set[str], client: FlaskClient) -> None:
        for limit in (100, len(shelves)):
            response = client.get(BOOKS, query_string={"limit": limit})
            assert "Link" not in response.headers
            assert response.json
            assert response.json["next"] is None

    def test_of_authors(self, shelves: set[str], client: FlaskClient) -> None:
        response = client.get("/api/v1/authors?limit=1")
        assert response.json
        assert response.headers["Link"] == f'<{response.json["next"]}>; rel="next"'


def items(client: FlaskClient, **query: Any) -> list[dict[str, Any]]:
    response = client.get(BOOKS, query_string=query)
    assert response.json
    found: list[dict[str, Any]] = response.json["items"]
    return found


def walk(client: FlaskClient, **query: Any) -> Iterator[dict[str, Any]]:
    """Every book, page by page; fails rather than walk in a circle."""
    response = client.get(BOOKS, query_string=query)
    for _ in range(100):
        assert response.status_code == 200, response.json
        assert response.json
        yield from response.json["items"]
        if response.json["next"] is None:
            return
        response = client.get(response.json["next"])
    raise AssertionError("The pages have no end.")


@pytest.fixture
def shelves(add_book: AddBook, owner: Connection) -> set[str]:
    """The ISBNs of books that tie in every order; some have no year, one is not on sale."""
    made = {
        add_book(
            title=("Same", "same", "Different")[number % 3],
            authors=["First Author", "Second Author"][: number % 2 + 1],
            price_cents=(500, 1000)[number % 2],
            publication_year=(None, 1990, -500)[number % 3],
        )["isbn13"]
        for number in range(11)
    }
    add_book(title="Same", active=False)
    owner.execute("UPDATE book SET rating_count = id % 3")
    return made
