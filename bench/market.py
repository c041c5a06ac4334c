"""Buyers of the same few books: carts that are filled beforehand, and the requests that order them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import psycopg

from bench.client import Load, send
from bench.processes import Web
from bookstore.catalogue.isbn import from_first_twelve
from dev.postgres import OWNER
from tests.databases import Databases

HOT_BOOKS = 20
# A worker for each of two CPUs, and a buyer for each thread.
WORKERS, THREADS = 2, 4
CLIENTS = WORKERS * THREADS
SHAPE = {"WEB_WORKERS": str(WORKERS), "WEB_THREADS": str(THREADS)}
# Far from every other number in a statement, so that it is found in a log.
FIRST_BOOK = 8_800_001
ADDRESS = {
    "name": "A. Reader", "street": "1 Main Street", "city": "Springfield", "postal_code": "12345", "country": "US",
}  # fmt: skip
BOOKS = """
INSERT INTO book (id, isbn13, slug, title, byline, price_cents, currency, stock)
OVERRIDING SYSTEM VALUE VALUES (%s, %s, 'hot', %s, 'An Author', 1000, 'USD', 1000000000)
"""
AUTHOR = "INSERT INTO author (name, slug) VALUES ('An Author', 'an-author')"
AUTHORSHIPS = "INSERT INTO book_author (book_id, author_id, position) SELECT book.id, author.id, 0 FROM book, author"
# Which two of the hot books are in a cart follows from its number: in `_bare_order` and checkout.VARIABLES, too.
CARTS = """
WITH made AS (
    INSERT INTO cart (id, expires_at) SELECT lpad(number::text, 24, '0'), now() + interval '1 day'
    FROM generate_series(%(first)s::integer, %(last)s) AS number
)
INSERT INTO cart_line (cart_id, book_id, quantity, price_cents)
SELECT lpad(number::text, 24, '0'), %(book)s + place, 1, 1000
FROM generate_series(%(first)s::integer, %(last)s) AS number,
    LATERAL (VALUES (number * 7 %% 19)) AS first (one),
    LATERAL (VALUES (one), (one + 1 + number * 11 %% (19 - one))) AS places (place)
"""
TOTAL_CENTS = 2449


@dataclass
class Market:
    """A database of hot books, and how many of its carts have been handed out."""

    databases: Databases
    name: str
    used: int = 0

    def open(self) -> None:
        """Make the books."""
        with psycopg.connect(self.databases.url(self.name, OWNER)) as connection:
            for number in range(HOT_BOOKS):
                isbn = from_first_twelve(f"979{number:09}")
                connection.execute(BOOKS, [FIRST_BOOK + number, isbn, f"Hot Book {number}"])
            connection.execute(AUTHOR)
            connection.execute(AUTHORSHIPS)

    def carts(self, count: int) -> Sequence[int]:
        """Fill carts with two different books each; gives their numbers."""
        first, self.used = self.used + 1, self.used + count
        numbers = {"first": first, "last": self.used, "book": FIRST_BOOK}
        with psycopg.connect(self.databases.url(self.name, OWNER), autocommit=True) as connection:
            connection.execute(CARTS, numbers)
            # As autovacuum will have done in a shop whose carts were filled over a day.
            connection.execute("VACUUM ANALYZE")
        return range(first, self.used + 1)

    def orders(self, count: int) -> list[str]:
        """The requests that order so many carts."""
        return [_order(number) for number in self.carts(count)]

    def bare_orders(self, count: int) -> list[str]:
        """As `orders`, of bench.baselines."""
        return [_bare_order(number) for number in self.carts(count)]


def per_second(web: Web, orders: Sequence[str], clients: int = CLIENTS) -> float:
    """How fast they are taken, from buyers who each wait for their answer before the next."""
    answers = send(Load(web.port, orders, len(orders), clients))
    return len(answers.latencies) / answers.elapsed


def _order(cart: int) -> str:
    body = json.dumps({
        "cart_id": f"{cart:024}", "email": "reader@example.org", "address": ADDRESS,
        "expected_total_cents": TOTAL_CENTS,
    })  # fmt: skip
    return (
        "POST /api/v1/orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Idempotency-Key: cart-{cart}\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    )


def _bare_order(cart: int) -> str:
    one = cart * 7 % 19
    first, second = FIRST_BOOK + one, FIRST_BOOK + one + 1 + cart * 11 % (19 - one)
    return f"POST /order/{cart}/{first}/{second} HTTP/1.1\r\nHost: localhost\r\n\r\n"
