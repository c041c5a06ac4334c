"""Many buyers at once, over HTTP, on several worker processes: nothing is sold twice, and nothing is lost."""

import os
import random
import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg
import pytest

from bookstore.catalogue.isbn import from_first_twelve
from dev.postgres import OWNER
from tests.app.orders.conftest import ADDRESS
from tests.app.payments.market import wait_until
from tests.databases import Databases, bookstore
from tests.servers import Gunicorn, children, serve

BUYERS = 16
KILLS = 50
SOLD = """
SELECT book.isbn13, stock, coalesce(sum(line.quantity) FILTER (WHERE o.state <> 'cancelled'), 0),
    (SELECT coalesce(sum(quantity), 0) FROM stock_movement WHERE book_id = book.id)
FROM book
    LEFT JOIN sales_order_line AS line ON line.book_id = book.id
    LEFT JOIN sales_order AS o ON o.id = line.order_id
GROUP BY book.id
"""
HALF_MADE = """
SELECT count(*) FROM sales_order AS o WHERE NOT EXISTS (SELECT FROM sales_order_line WHERE order_id = o.id)
    OR NOT EXISTS (SELECT FROM sales_order_event WHERE order_id = o.id)
    OR (SELECT count(*) FROM outbox_message WHERE deduplication_key LIKE 'order:' || o.number || ':%') <> 1
"""
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"


@dataclass
class Market:
    """A served shop, and a look behind its counter."""

    server: Gunicorn
    owner: psycopg.Connection
    headers: dict[str, str]

    def add(self, number: int, stock: int) -> str:
        isbn = from_first_twelve(f"979{number:09}")
        book = {"isbn": isbn, "title": f"Book {number}", "authors": ["A"], "price_cents": 500, "currency": "USD"}
        made = httpx.post(f"{self.server.url}/api/v1/books", json=book | {"stock": stock}, headers=self.headers)
        assert made.status_code == 201, made.text
        return isbn

    def check(self, initial: int) -> None:
        for isbn, stock, sold, ledger in self.owner.execute(SOLD).fetchall():
            assert stock + sold == initial, isbn
            assert stock == ledger, isbn
        assert self.owner.execute(HALF_MADE).fetchone() == (0,)


@pytest.fixture
def market(databases: Databases, worker_id: str) -> Iterator[Market]:
    with databases.temporary(f"market_{worker_id}") as name:
        # A busy machine may be slow; what is asked here is whether it is right.
        patient = {"DATABASE_STATEMENT_TIMEOUT_SECONDS": "60", "DATABASE_POOL_TIMEOUT_SECONDS": "60"}
        environment = databases.environment(name, WEB_WORKERS="3", WEB_THREADS="4", **patient)
        scopes = ("--scope", "catalogue", "--scope", "orders")
        token = bookstore("token", "add", "t", *scopes, env=environment).stdout.strip()
        with (
            psycopg.connect(databases.url(name, OWNER), autocommit=True) as owner,
            serve(environment) as server,
        ):
            yield Market(server, owner, {"Authorization": f"Bearer {token}"})


def order_of(client: httpx.Client, isbns: list[str], key: str) -> dict[str, Any]:
    """A filled cart, as the request that orders it."""
    cart = client.post("/api/v1/carts").json()["id"]
    for isbn in isbns:
        put = client.put(f"/api/v1/carts/{cart}/lines/{isbn}", json={"quantity": 1})
        assert put.status_code == 200, put.text
    total = client.post("/api/v1/quotes", json={"cart_id": cart, "country": "US"}).json()["total_cents"]
    body = {"cart_id": cart, "email": "r@example.org", "address": ADDRESS, "expected_total_cents": total}
    return {"url": "/api/v1/orders", "json": body, "headers": {"Idempotency-Key": key}}


def test_buyers_of_the_last_copies_get_exactly_those(market: Market) -> None:
    isbn = market.add(1, 5)

    def buy(number: int) -> int:
        with httpx.Client(base_url=market.server.url, timeout=30) as client:
            return client.post(**order_of(client, [isbn], f"buyer-{number}")).status_code

    with ThreadPoolExecutor(BUYERS) as pool:
        assert Counter(pool.map(buy, range(40))) == {201: 5, 409: 35}
    market.check(5)


def test_baskets_in_opposite_order_never_deadlock_into_an_error(market: Market) -> None:
    isbns = [market.add(number, 200) for number in range(4)]

    def buy(number: int) -> int:
        basket = isbns if number % 2 else isbns[::-1]
        with httpx.Client(base_url=market.server.url, timeout=30) as client:
            return client.post(**order_of(client, basket, f"buyer-{number}")).status_code

    with ThreadPoolExecutor(BUYERS) as pool:
        assert Counter(pool.map(buy, range(48))) == {201: 48}
    market.check(200)


def test_a_hundred_posts_of_one_key_are_one_order_with_one_answer(market: Market) -> None:
    isbn = market.add(1, 5)
    with httpx.Client(base_url=market.server.url, timeout=30) as client:
        order = order_of(client, [isbn], "one-key")

        def post(_number: int) -> tuple[int, bytes]:
            answer = client.post(**order)
            return answer.status_code, answer.content

        with ThreadPoolExecutor(BUYERS) as pool:
            answers = set(pool.map(post, range(100)))
    assert len(answers) == 1
    assert answers.pop()[0] == 201
    market.check(5)


def test_invoices_are_numbered_without_a_gap_whoever_waits_or_fails(market: Market) -> None:
    isbn = market.add(1, 50)
    with httpx.Client(base_url=market.server.url, timeout=30) as client:
        numbers = [client.post(**order_of(client, [isbn], f"key-{number}")).json()["number"] for number in range(20)]

    def pay(number: str) -> int:
        where = f"{market.server.url}/api/v1/orders/{number}/transitions"
        return httpx.post(where, json={"state": "paid"}, headers=market.headers, timeout=30).status_code

    with ThreadPoolExecutor(8) as pool:
        # One has taken the first number, and the others wait for it to be sure of it: then it fails.
        with market.owner.transaction(force_rollback=True):
            market.owner.execute("UPDATE sales_order SET state = 'paid' WHERE number = %s", [numbers[-1]])
            paying = [pool.submit(pay, number) for number in (*numbers, *numbers)]
            wait_until(lambda: market.owner.execute(WAITING).fetchone() != (0,), "those who wait")
        assert Counter(one.result() for one in paying) == {200: 20, 409: 20}
    invoices = market.owner.execute("SELECT number, issued_at FROM invoice ORDER BY number").fetchall()
    assert [number for number, _ in invoices] == list(range(1, 21))
    assert market.owner.execute("SELECT last_number FROM invoice_counter").fetchall() == [(20,)]


def test_killed_workers_leave_no_order_half_made_and_a_retry_succeeds(market: Market) -> None:
    isbns = [market.add(number, 10_000) for number in range(4)]
    rng = random.Random(1)
    killed = 0

    def ask(client: httpx.Client, request: dict[str, Any]) -> httpx.Response:
        """Send until there is an answer, as a careful client does: the key makes it safe."""
        while True:
            try:
                answer = client.request("POST", **request)
            except httpx.TransportError:
                continue
            if answer.status_code < 500:
                return answer

    def buy(number: int) -> str:
        with httpx.Client(base_url=market.server.url, timeout=30, transport=httpx.HTTPTransport(retries=5)) as client:
            while True:
                try:
                    order = order_of(client, rng.sample(isbns, 2), f"buyer-{number}")
                    break
                except (httpx.TransportError, KeyError, AssertionError):
                    continue
            answer = ask(client, order)
            assert answer.status_code == 201, answer.text
            return str(answer.json()["number"])

    with ThreadPoolExecutor(8) as pool:
        bought = [pool.submit(buy, number) for number in range(300)]
        for buyer in bought:
            buyer.result()
            workers = children(market.server.process.pid)
            if killed < KILLS and workers:
                os.kill(rng.choice(workers), signal.SIGKILL)
                killed += 1
    numbers = [buyer.result() for buyer in bought]
    assert killed == KILLS
    assert len(set(numbers)) == 300
    assert market.owner.execute("SELECT count(*) FROM sales_order").fetchone() == (300,)
    market.check(10_000)
