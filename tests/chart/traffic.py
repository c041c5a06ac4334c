"""Two minutes of a shop's life, for a picture: visitors and buyers, and what goes wrong meanwhile."""

import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import cycle

import httpx

from dev.postgres import APP
from tests.app.payments.market import ADDRESS, BUYER, DECLINED, PAID, Market
from tests.databases import Databases

PATHS = ("/", "/books", "/books?q=tolkien", "/books/9780439023481", "/api/v1/books", "/books/none", "/cart")
# More than the shop's threads and queue hold.
CROWD = 60


def traffic(market: Market, databases: Databases) -> None:
    """A calm time, a lock, a provider and then a database that do not answer, and a calm time after each."""
    with _visitors(market.shop.url):
        _buy(market, 40)
        _lock(market, 4)
        _buy(market, 20)
        order = market.order()
        with market.provider.hanging():
            assert market.start(order).status_code == httpx.codes.SERVICE_UNAVAILABLE
        _buy(market, 10)
        _lose_database(market, databases, 6)
        _buy(market, 30)


@contextmanager
def _visitors(url: str) -> Iterator[None]:
    """Somebody looks around, meanwhile."""
    over = threading.Event()

    def look() -> None:
        with httpx.Client(base_url=url, timeout=30) as client:
            for path in cycle(PATHS):
                client.get(path)
                if over.wait(0.1):
                    return

    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(look)
        try:
            yield
        finally:
            over.set()
        looking.result()


def _buy(market: Market, seconds: float) -> None:
    """Orders: most are paid, of the others the card is declined, the money given back, or the price another."""
    end = time.monotonic() + seconds
    for card, is_returned in cycle([(PAID, False), (DECLINED, False), (PAID, True)]):
        if time.monotonic() > end:
            return
        order = market.order()
        market.pay(order, card)
        if is_returned:
            market.until(order, "paid", "paid")
            assert market.refund(order).is_success
            _disagree(market, order.isbn)
        time.sleep(1.5)


def _disagree(market: Market, isbn: str) -> None:
    api = f"{market.shop.url}/api/v1"
    cart = market.http.post(f"{api}/carts").json()["id"]
    assert market.http.put(f"{api}/carts/{cart}/lines/{isbn}", json={"quantity": 1}).is_success
    wanted = {"cart_id": cart, "email": BUYER, "address": ADDRESS, "expected_total_cents": 1}
    refused = market.http.post(f"{api}/orders", json=wanted, headers={"Idempotency-Key": uuid.uuid4().hex})
    assert refused.status_code == httpx.codes.CONFLICT


def _lock(market: Market, seconds: float) -> None:
    """Somebody holds the books, while a crowd comes for them."""
    with ThreadPoolExecutor(CROWD) as crowd, market.database.transaction():
        market.database.execute("LOCK TABLE book IN ACCESS EXCLUSIVE MODE")
        for _ in range(CROWD):
            crowd.submit(httpx.get, f"{market.shop.url}/api/v1/books?q=lock", timeout=30)
        time.sleep(seconds)


def _lose_database(market: Market, databases: Databases, seconds: float) -> None:
    name = market.database.info.dbname
    with databases.superuser() as connection:
        connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'.encode())
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND usename = %s", (name, APP)
        )
        time.sleep(seconds)
        connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'.encode())
