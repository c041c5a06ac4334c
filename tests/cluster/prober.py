"""Customers who browse and buy without a break, what became of each of their requests, and an audit of the shop after.

Who gets no answer, or 503, asks again, for an order with the same Idempotency-Key: each must then be there once.
"""

import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import cycle
from typing import Any

import httpx

from tests.cluster.every import BOOK
from tests.cluster.release import Release

ISBN = "9780262033848"
STOCK = 1_000_000
PATHS = ("/", "/books?q=clusters", "/api/v1/books", f"/api/v1/books/{ISBN}")
ADDRESS = {"name": "P", "street": "1 Main St", "city": "C", "postal_code": "10001", "country": "US"}
AGAIN_AFTER_SECONDS = 0.5
# Of the requests that were not answered as they should be, that many are told one by one.
SHOWN = 20
REFUSED = HTTPStatus.SERVICE_UNAVAILABLE
# The copies left of a book, then the order and the copies of each that is not cancelled, as the shop's own role reads.
COUNT = """
import sys
from bookstore.config import Settings
from sqlalchemy import create_engine, text
LEFT = "SELECT stock FROM book WHERE isbn13 = :isbn"
SOLD = "SELECT number, quantity FROM sales_order AS sold JOIN sales_order_line ON order_id = sold.id " \\
    "WHERE isbn13 = :isbn AND state <> 'cancelled'"
with create_engine(Settings.load().database).connect() as connection:
    print(connection.scalar(text(LEFT), {"isbn": sys.argv[1]}))
    for row in connection.execute(text(SOLD), {"isbn": sys.argv[1]}):
        print(*row)
"""


@dataclass(frozen=True)
class Fate:
    """What became of a request: its status, or the name of the error; the moment, and how many seconds it took."""

    moment: float
    what: str
    outcome: str
    seconds: float

    @property
    def is_good(self) -> bool:
        """Whether it was answered as it should be."""
        return self.outcome.startswith("2")

    @property
    def is_refused(self) -> bool:
        """Whether the shop itself asked to come back later."""
        return self.outcome == f"{REFUSED} with Retry-After"

    def __str__(self) -> str:
        """What it was, and how it ended."""
        return f"{self.what}: {self.outcome} in {self.seconds:.1f} s"


@dataclass
class Record:
    """The fates of all requests, the numbers of the acknowledged orders, and when what was done to the shop."""

    fates: list[Fate] = field(default_factory=list)
    orders: list[str] = field(default_factory=list)
    marks: list[tuple[float, str]] = field(default_factory=list)
    customers: int = 1

    def __post_init__(self) -> None:
        """Let everybody ask at once."""
        self.turns = threading.Semaphore(self.customers)

    @contextmanager
    def silence(self) -> Iterator[None]:
        """No request is on its way in the block, so that what a request might notice can be done."""
        for _ in range(self.customers):
            self.turns.acquire()
        try:
            yield
        finally:
            self.turns.release(self.customers)

    def mark(self, what: str) -> None:
        """Something is done to the shop now."""
        self.marks.append((time.monotonic(), what))

    @property
    def began(self) -> float:
        """The moment of the first request."""
        return min(fate.moment for fate in self.fates)

    @property
    def not_good(self) -> list[Fate]:
        """The fates of the requests that were not answered as they should be."""
        return [fate for fate in self.fates if not fate.is_good]

    @property
    def wrong(self) -> Counter[str]:
        """How often there was what other outcome."""
        return Counter(f"{fate.what}: {fate.outcome}" for fate in self.not_good)

    @property
    def success(self) -> float:
        """The share of requests that were answered as they should be."""
        return sum(fate.is_good for fate in self.fates) / len(self.fates)

    @property
    def slowest(self) -> float:
        """Seconds of the slowest request, whatever its outcome."""
        return max(fate.seconds for fate in self.fates)

    def only_refused(self) -> bool:
        """Whether whatever was not answered as it should be was refused by the shop itself, with Retry-After."""
        return all(fate.is_good or fate.is_refused for fate in self.fates)

    def __str__(self) -> str:
        """One line, and one for each of the first requests that were not answered as they should be."""
        not_good = self.not_good
        whole = (
            f"{len(self.fates)} requests, {len(not_good)} not good ({self.success:.2%} good), "
            f"slowest {self.slowest:.1f} s, {len(self.orders)} orders; {dict(self.wrong)}"
        )
        lines = [whole, *(f"  {fate}, sent {self._since(fate.moment)}" for fate in not_good[:SHOWN])]
        return "\n".join(lines)

    def _since(self, moment: float) -> str:
        """A moment, as seconds since what was done to the shop last."""
        done = [mark for mark in self.marks if mark[0] <= moment]
        at, what = done[-1] if done else (self.began, "the beginning")
        return f"{moment - at:.1f} s after {what}"


@dataclass
class Customer:
    """One client and what it records; without keep-alive each request opens a connection."""

    client: httpx.Client
    keep_alive: bool = True
    record: Record = field(default_factory=Record)
    over: threading.Event = field(default_factory=threading.Event)
    pause_seconds: float = 0.1

    def ask(self, what: str, method: str, path: str, **options: Any) -> httpx.Response | None:
        """One request; None where no answer came."""
        with self.record.turns:
            return self._ask(what, method, path, **options)

    def _ask(self, what: str, method: str, path: str, **options: Any) -> httpx.Response | None:
        began = time.monotonic()
        headers = options.pop("headers", {}) | ({} if self.keep_alive else {"Connection": "close"})
        response = None
        try:
            response = self.client.request(method, path, headers=headers, **options)
            outcome = str(response.status_code) + (" with Retry-After" if "Retry-After" in response.headers else "")
        except httpx.HTTPError as error:
            outcome = type(error).__name__
        self.record.fates.append(Fate(began, what, outcome, time.monotonic() - began))
        return response

    def insist(self, what: str, path: str, method: str = "POST", **options: Any) -> dict[str, Any]:
        """Ask until it is done."""
        while True:
            response = self.ask(what, method, f"/api/v1{path}", **options)
            if response is not None and response.is_success:
                return dict(response.json())
            self.over.wait(AGAIN_AFTER_SECONDS)

    def browse(self) -> None:
        """Look at pages and at the API until it is over."""
        for path in cycle(PATHS):
            self.ask(path.partition("?")[0], "GET", path)
            if self.over.wait(self.pause_seconds):
                return

    def buy(self) -> None:
        """Order one copy after the other until it is over."""
        while not self.over.wait(0.2):
            self.record.orders.append(self.order()["number"])

    def order(self) -> dict[str, Any]:
        """Order one copy, however often it takes to ask."""
        cart = self.insist("cart", "/carts")["id"]
        self.insist("line", f"/carts/{cart}/lines/{ISBN}", "PUT", json={"quantity": 1})
        total = self.insist("quote", "/quotes", json={"cart_id": cart, "country": "US"})["total_cents"]
        wanted = {"cart_id": cart, "email": "p@example.org", "address": ADDRESS, "expected_total_cents": total}
        key = {"Idempotency-Key": uuid.uuid4().hex}
        return self.insist("order", "/orders", json=wanted, headers=key)


def stock_up(release: Release) -> None:
    """Put the book that everybody buys on the shelf."""
    token = release.execute("bookstore", "token", "add", "prober", "--scope", "catalogue").strip()
    book = BOOK | {"isbn": ISBN, "stock": STOCK}
    with release.client() as client:
        made = client.post("/api/v1/books", json=book, headers={"Authorization": f"Bearer {token}"})
        assert made.status_code == HTTPStatus.CREATED, made.text


@contextmanager
def probing(
    release: Release, browse: int = 4, buy: int = 2, pause_seconds: float = Customer.pause_seconds
) -> Iterator[Record]:
    """Some who browse and some who buy, one half of each with keep-alive, until the end of the block."""
    record, over = Record(customers=browse + buy), threading.Event()
    with release.client() as client:
        customers = [Customer(client, number % 2 == 0, record, over, pause_seconds) for number in range(browse + buy)]
        work: list[Callable[[], None]] = [
            *(one.browse for one in customers[buy:]),
            *(one.buy for one in customers[:buy]),
        ]
        threads = [threading.Thread(target=each) for each in work]
        for thread in threads:
            thread.start()
        try:
            yield record
        finally:
            over.set()
            for thread in threads:
                thread.join()


def audit(release: Release, acknowledged: list[str]) -> None:
    """Every acknowledged order is there once, no other is, and no copy is lost; the ledger says the same."""
    stock, *lines = release.execute("python", "-c", COUNT, ISBN).splitlines()
    sold = dict(line.split() for line in lines)
    assert len(lines) == len(sold), "an order has the book twice"
    assert sorted(sold) == sorted(acknowledged)
    assert int(stock) + sum(map(int, sold.values())) == STOCK
    assert "Every stock is the sum" in release.execute("bookstore", "stock", "check")
