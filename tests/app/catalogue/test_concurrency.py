"""Writers at the same time, over HTTP, against gunicorn's threads and processes."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import httpx
import pytest

from bookstore.catalogue.isbn import from_first_twelve
from tests.app.conftest import Shop

BOOKS = "/api/v1/books"
WRITERS = 6
ROUNDS = 5


class TestSameBook:
    def test_of_changes_with_one_etag_exactly_one_wins(
        self, writer: httpx.Client, new_book: Callable[..., Any]
    ) -> None:
        for _ in range(ROUNDS):
            book = new_book()
            tag = writer.get(f"{BOOKS}/{book['isbn']}").headers["ETag"]
            done = together(
                lambda number, isbn=book["isbn"], tag=tag: writer.patch(  # type: ignore[misc]
                    f"{BOOKS}/{isbn}", json={"stock": 100 + number}, headers={"If-Match": tag}
                )
            )
            assert Counter(response.status_code for response in done) == {200: 1, 412: WRITERS - 1}
            (winner,) = [response for response in done if response.status_code == 200]
            assert writer.get(f"{BOOKS}/{book['isbn']}").json() == winner.json()

    def test_of_additions_one_wins_and_the_rest_get_409(
        self, writer: httpx.Client, new_book: Callable[..., Any]
    ) -> None:
        for _ in range(ROUNDS):
            book = new_book(add=False)
            done = together(lambda number, book=book: writer.post(BOOKS, json=book | {"stock": number}))  # type: ignore[misc]
            assert Counter(response.status_code for response in done) == {201: 1, 409: WRITERS - 1}
            losers = [response for response in done if response.status_code == 409]
            assert {response.headers["Content-Type"] for response in losers} == {"application/problem+json"}

    def test_of_removals_one_wins(self, writer: httpx.Client, new_book: Callable[..., Any]) -> None:
        isbn = new_book()["isbn"]
        done = together(lambda _number: writer.delete(f"{BOOKS}/{isbn}", headers={"If-Match": "*"}))
        assert Counter(response.status_code for response in done) == {204: 1, 404: WRITERS - 1}


class TestSharedAuthors:
    def test_in_opposite_order_do_not_deadlock(self, writer: httpx.Client, new_book: Callable[..., Any]) -> None:
        for turn in range(ROUNDS):
            names = [f"Author {turn} {letter}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
            books = [new_book(add=False, authors=names[:: (-1) ** number]) for number in range(WRITERS)]
            done = together(lambda number, books=books: writer.post(BOOKS, json=books[number]))  # type: ignore[misc]
            assert [response.status_code for response in done] == [201] * WRITERS
            for response, book in zip(done, books, strict=True):
                assert [author["name"] for author in response.json()["authors"]] == book["authors"]


def together(write: Callable[[int], httpx.Response]) -> list[httpx.Response]:
    """The responses to writers who all start at once."""
    barrier = Barrier(WRITERS)

    def one(number: int) -> httpx.Response:
        barrier.wait()
        return write(number)

    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(one, range(WRITERS)))


@pytest.fixture
def writer(shop: Shop) -> Iterator[httpx.Client]:
    with shop.client() as client:
        yield client


@pytest.fixture(scope="module")
def numbers() -> Iterator[int]:
    return iter(range(5 * 10**8, 10**9))


@pytest.fixture
def new_book(writer: httpx.Client, numbers: Iterator[int]) -> Callable[..., dict[str, Any]]:
    """A function that gives the body of a new book, which it adds unless told not to."""

    def new(*, add: bool = True, **fields: Any) -> dict[str, Any]:
        isbn = from_first_twelve(f"978{next(numbers):09}")
        book = {"isbn": isbn, "title": "T", "authors": ["A"], "price_cents": 1, "currency": "USD", "stock": 1} | fields
        if add:
            assert writer.post(BOOKS, json=book).status_code == 201
        return book

    return new
