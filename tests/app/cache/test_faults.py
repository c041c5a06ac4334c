"""A cache that breaks under a real shop of two workers: no request fails, few wait, and nothing stale is sold."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

import httpx
import pytest

from tests.app.orders.conftest import ADDRESS
from tests.caches import PASSWORD, Valkey, blackhole, fill
from tests.databases import Databases, bookstore
from tests.servers import Gunicorn, serve

ISBN = "9780141439518"
BOOK = {"isbn": ISBN, "title": "Emma", "authors": ["Jane Austen"], "price_cents": 900, "currency": "USD", "stock": 50}
READS = (f"/api/v1/books/{ISBN}", f"/books/{ISBN}/emma", "/", "/books?q=emma", "/api/v1/books", "/authors/jane-austen")
WORKERS, THREADS = 2, 4
# Longer than a test: a worker that found the cache broken leaves it alone until the end.
BREAKER_SECONDS = "600"
# Longer than this machine may pause a healthy server.
TIMEOUT_SECONDS = "2"


class Shop:
    """A running shop with one book."""

    def __init__(self, server: Gunicorn, token: str) -> None:
        self.server = server
        self.headers = {"Authorization": f"Bearer {token}"}
        # A connection for each request, and so any worker.
        self.client = httpx.Client(base_url=server.url, timeout=30, limits=httpx.Limits(max_keepalive_connections=0))

    def get(self, path: str) -> httpx.Response:
        """What everybody sees."""
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer

    def change(self, **fields: int) -> None:
        """Change the book."""
        tag = self.client.get(READS[0], headers=self.headers).headers["ETag"]
        answer = self.client.patch(READS[0], json=fields, headers=self.headers | {"If-Match": tag})
        assert answer.status_code == 200, answer.text

    def order(self, copies: int) -> int:
        """Buy copies at the price of this moment; gives the cents paid for each."""
        cart = self.client.post("/api/v1/carts").json()["id"]
        self.client.put(f"/api/v1/carts/{cart}/lines/{ISBN}", json={"quantity": copies})
        quote = self.client.post("/api/v1/quotes", json={"cart_id": cart, "country": "US"}).json()
        body = {"cart_id": cart, "email": "a@b.org", "address": ADDRESS}
        body["expected_total_cents"] = quote["total_cents"]
        order = self.client.post("/api/v1/orders", json=body, headers={"Idempotency-Key": cart})
        assert order.status_code == 201, order.text
        return int(order.json()["lines"][0]["price_cents"])

    def sees(self, cents: int, stock: int) -> None:
        """Every read, through every worker, shows this price and stock."""
        for _ in range(6):
            shown = self.get(READS[0]).json()
            assert (shown["price_cents"], shown["stock"]) == (cents, stock)
            for path in READS[1:4]:
                assert f"${cents / 100:.2f}" in self.get(path).text, path
            assert self.get(READS[4]).json()["items"][0]["stock"] == stock

    def count(self, metric: str, **labels: str) -> float:
        """A metric, summed over the workers and all labels but these."""
        return sum(self.server.values(metric, **labels))


MakeShop = Callable[..., AbstractContextManager[Shop]]


@pytest.fixture(scope="module")
def make_shop(databases: Databases, worker_id: str) -> Iterator[MakeShop]:
    """A function that gives a shop whose cache has these settings."""
    with databases.temporary(f"faults_{worker_id}") as name:
        environment = databases.environment(
            name, CACHE_BREAKER_SECONDS=BREAKER_SECONDS, CACHE_TIMEOUT_SECONDS=TIMEOUT_SECONDS
        )
        environment["WEB_WORKERS"] = str(WORKERS)
        token = bookstore("token", "add", "tests", "--scope", "catalogue", env=environment).stdout.strip()

        @contextmanager
        def make(**settings: str) -> Iterator[Shop]:
            with serve(environment | settings) as server:
                shop = Shop(server, token)
                if shop.client.post("/api/v1/books", json=BOOK, headers=shop.headers).status_code == 409:
                    shop.change(price_cents=900, stock=50)
                yield shop

        yield make


@pytest.fixture
def valkey() -> Iterator[Valkey]:
    """A server of the test's own."""
    with Valkey("--maxmemory", "20mb", "--maxmemory-policy", "noeviction") as running:
        yield running


def killed(valkey: Valkey) -> AbstractContextManager[None]:
    """The server is gone."""
    valkey.kill()
    return ExitStack()  # type: ignore[return-value]


@pytest.mark.parametrize("fault", [killed, Valkey.paused])
def test_lost_while_it_is_used(
    make_shop: MakeShop, valkey: Valkey, fault: Callable[[Valkey], AbstractContextManager[None]]
) -> None:
    with make_shop(**valkey.settings) as shop:
        shop.sees(900, 50)
        assert shop.count("bookstore_cache_reads_total", result="hit") > 0
        with fault(valkey):
            shop.change(price_cents=700)
            shop.sees(700, 50)
            assert shop.order(2) == 700
            shop.sees(700, 48)
            assert_few_waited(shop)


def test_answers_nothing_from_the_beginning(make_shop: MakeShop) -> None:
    with blackhole() as port, make_shop(CACHE_HOST="127.0.0.1", CACHE_PORT=str(port), CACHE_PASSWORD="any") as shop:
        shop.sees(900, 50)
        shop.change(price_cents=700)
        assert shop.order(1) == 700
        shop.sees(700, 49)
        assert_few_waited(shop)
        assert shop.count("bookstore_cache_errors_total", reason="timeout") >= 1
        lines: list[dict[str, Any]] = [line for line in shop.server.lines() if line["event"] == "cache_unavailable"]
        assert len(lines) == WORKERS
        assert "bookstore doctor" in lines[0]["remedy"]


def test_a_wrong_password(make_shop: MakeShop, valkey: Valkey) -> None:
    with make_shop(**valkey.settings | {"CACHE_PASSWORD": "a-wrong-one"}) as shop:
        shop.sees(900, 50)
        shop.change(price_cents=700)
        shop.sees(700, 50)
        assert_few_waited(shop)
        assert shop.count("bookstore_cache_errors_total", reason="refused") >= 1
        assert "a-wrong-one" not in shop.server.output.read_text()
        assert PASSWORD not in shop.server.output.read_text()


def test_full(make_shop: MakeShop, valkey: Valkey) -> None:
    """It still answers, so it is still asked; what it holds still goes when it changes."""
    with make_shop(**valkey.settings) as shop, valkey.client() as client:
        shop.sees(900, 50)
        fill(client)
        shop.change(price_cents=700)
        shop.sees(700, 50)
        assert shop.order(2) == 700
        shop.sees(700, 48)
        assert shop.count("bookstore_cache_errors_total", reason="full") >= 1
        assert shop.count("bookstore_cache_breakers_open") == 0


@pytest.mark.parametrize("fault", [killed, Valkey.paused])
def test_comes_back(
    make_shop: MakeShop, valkey: Valkey, fault: Callable[[Valkey], AbstractContextManager[None]]
) -> None:
    """Empty, or with what it held before it missed a change: none of that is shown."""
    with make_shop(**valkey.settings, CACHE_BREAKER_SECONDS="1") as shop:
        shop.sees(900, 50)
        with fault(valkey):
            shop.sees(900, 50)
            shop.change(price_cents=700)
        if fault is killed:
            valkey.start()
        before = shop.count("bookstore_cache_reads_total", result="hit")
        while shop.count("bookstore_cache_reads_total", result="hit") == before:
            shop.sees(700, 50)
        # A worker that does not ask the cache yet could not tell it of a change at once.
        while shop.count("bookstore_cache_breakers_open"):
            shop.sees(700, 50)
        shop.change(price_cents=500)
        shop.sees(500, 50)


def assert_few_waited(shop: Shop) -> None:
    """In each worker, who asked first: at most all its threads at once, and nobody after them."""
    assert 1 <= shop.count("bookstore_cache_errors_total") <= WORKERS * THREADS
    assert shop.count("bookstore_cache_reads_total", result="skipped") > 20
    assert shop.count("bookstore_cache_breakers_open") == WORKERS
