"""A shop that sells, as its buyers and its operator use it: real gunicorn, real provider, real database."""

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg

from bookstore.catalogue.isbn import from_first_twelve
from dev.postgres import OWNER
from tests.databases import Databases, bookstore
from tests.servers import Gunicorn, children, free_port, get, serve

PAID, DECLINED = "4242424242424242", "4000000000000002"
STUCK, SILENT, TWICE, EARLY = "4000000000000119", "4000000000000259", "4000000000000341", "4000000000000408"
API_KEY = "sandbox-key-of-tests"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OLD_SECRET = "b2xkZXItc2VjcmV0LW9mLXRoZS1zaG9wLWFuZC1pdHMtdGVzdHM="
BUYER = "reader.of.tests@example.org"
ADDRESS = {"name": "R", "street": "1 Main St", "city": "C", "postal_code": "10001", "country": "US"}
WEBHOOKS = "/api/v1/payment-webhooks"
STOCK = 5
DEADLINE_SECONDS = 30
_isbns = iter(range(10**9))


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Return once the condition holds; fails when it does not in time."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"waited too long for {what}"
        time.sleep(0.02)


@dataclass(frozen=True)
class Sandbox:
    """The provider's process."""

    process: subprocess.Popen[bytes]
    url: str
    output: Path
    database: Path

    def payment(self, provider_id: str) -> dict[str, Any]:
        """A payment, as the provider sees it."""
        headers = {"Authorization": f"Bearer {API_KEY}"}
        return dict(httpx.get(f"{self.url}/v1/payments/{provider_id}", headers=headers, timeout=30).json())

    def count(self, reference: str) -> int:
        """How many payments it has made for an order."""
        with closing(sqlite3.connect(self.database)) as database:
            found = database.execute("SELECT count(*) FROM payment WHERE reference = ?", (reference,)).fetchone()
        return int(found[0])

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """It takes connections, and answers nothing."""
        processes = (self.process.pid, *children(self.process.pid))
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            for process in processes:
                os.kill(process, signal.SIGCONT)


@contextmanager
def sandbox(port: int, webhook_url: str, **options: str) -> Iterator[Sandbox]:
    """The provider on a port, from when it answers."""
    with tempfile.TemporaryDirectory() as folder:
        output, database = Path(folder, "output"), Path(folder, "payments.sqlite")
        options |= {"webhook_url": webhook_url, "api_key": API_KEY, "webhook_secret": SECRET, "database": str(database)}
        arguments = [f"--{name.replace('_', '-')}={value}" for name, value in ({"port": port} | options).items()]
        with output.open("wb") as sink:
            process = subprocess.Popen(
                [sys.executable, "-m", "bookstore", "sandbox-payments", *arguments],
                stdout=sink,
                stderr=subprocess.STDOUT,
            )
        provider = Sandbox(process, f"http://127.0.0.1:{port}", output, database)
        try:
            wait_until(lambda: _answers(provider.url), "the provider")
            yield provider
        finally:
            process.terminate()
            process.wait(DEADLINE_SECONDS)


def _answers(url: str) -> bool:
    try:
        return get(f"{url}/v1/payments/none").status_code == 401
    except httpx.TransportError:
        return False


@dataclass(frozen=True)
class Order:
    """An order and a link to it."""

    number: str
    token: str
    isbn: str


@dataclass(frozen=True)
class Market:
    """The shop, the provider, and the database that both of the shop's owners see."""

    shop: Gunicorn
    provider: Sandbox
    database: psycopg.Connection
    environment: Mapping[str, str]
    bearer: str
    http: httpx.Client

    def order(self) -> Order:
        """Somebody orders one copy of a new book."""
        isbn = from_first_twelve(f"979{next(_isbns):09}")
        book = {"isbn": isbn, "title": "T", "authors": ["A"], "price_cents": 1299, "currency": "USD", "stock": STOCK}
        headers = {"Authorization": f"Bearer {self.bearer}"}
        self._post("/books", book, **headers)
        cart = self._post("/carts", None)["id"]
        assert self.http.put(f"{self.shop.url}/api/v1/carts/{cart}/lines/{isbn}", json={"quantity": 1}).is_success
        total = self._post("/quotes", {"cart_id": cart, "country": "US"})["total_cents"]
        wanted = {"cart_id": cart, "email": BUYER, "address": ADDRESS, "expected_total_cents": total}
        made = self._post("/orders", wanted, **{"Idempotency-Key": uuid.uuid4().hex})
        return Order(made["number"], made["token"], isbn)

    def _post(self, path: str, body: object, **headers: str) -> dict[str, Any]:
        response = self.http.post(f"{self.shop.url}/api/v1{path}", json=body, headers=headers)
        assert response.is_success, response.text
        return dict(response.json())

    def start(self, order: Order) -> httpx.Response:
        """The buyer wants to pay."""
        path = f"/api/v1/orders/{order.number}/payment?token={order.token}"
        return self.http.post(self.shop.url + path)

    def checkout_url(self, order: Order) -> str:
        """Where the buyer pays."""
        response = self.start(order)
        assert response.is_success, response.text
        return str(response.json()["checkout_url"])

    def pay(self, order: Order, card: str) -> str:
        """The buyer pays with a card; gives the address that the provider's page sends back to."""
        response = self.http.post(self.checkout_url(order), data={"card": card})
        assert response.status_code == 303
        return response.headers["Location"]

    def page(self, order: Order) -> httpx.Response:
        """The buyer's page of the order."""
        return self.http.get(f"{self.shop.url}/orders/{order.token}")

    def payments(self, order: Order) -> list[tuple[str, str]]:
        """The provider's id and our state of each payment."""
        return self.database.execute(
            "SELECT provider_id, payment.state FROM payment JOIN sales_order ON sales_order.id = order_id "
            "WHERE number = %s ORDER BY payment.id",
            (order.number,),
        ).fetchall()

    def state(self, order: Order) -> str:
        """The order's."""
        row = self.database.execute("SELECT state FROM sales_order WHERE number = %s", (order.number,)).fetchone()
        assert row
        return str(row[0])

    def until(self, order: Order, state: str, *payments: str) -> None:
        """Wait for a state of the order and of its payments, then see that everything else agrees with it."""
        wait_until(lambda: (self.state(order), self.states(order)) == (state, payments), f"{state}, {payments}")
        self.check(order, state, *payments)

    def states(self, order: Order) -> tuple[str, ...]:
        """Our states of the order's payments."""
        return tuple(state for _, state in self.payments(order))

    def check(self, order: Order, state: str, *payments: str) -> None:
        """One consistent end: order, payments at both ends, stock, ledger, history."""
        assert (self.state(order), self.states(order)) == (state, payments)
        for provider_id, ours in self.payments(order):
            theirs = self.provider.payment(provider_id)["state"]
            assert theirs == ("paid" if ours == "refund_pending" else ours)
        sold = STOCK - 1 if state in ("pending_payment", "paid") else STOCK
        stock = self.database.execute("SELECT id, stock FROM book WHERE isbn13 = %s", (order.isbn,)).fetchone()
        assert stock
        ledger = self.database.execute("SELECT sum(quantity) FROM stock_movement WHERE book_id = %s", (stock[0],))
        assert (stock[1], ledger.fetchall()) == (sold, [(sold,)])
        assert self.history(order)[-1] == state
        assert len(set(self.history(order))) == len(self.history(order))

    def check_untouched(self, order: Order) -> None:
        """The shop has learnt nothing of the payment."""
        assert (self.state(order), self.states(order)) == ("pending_payment", ("open",))

    def history(self, order: Order) -> list[str]:
        """The states that the order has been in."""
        events = self.database.execute(
            "SELECT event.state FROM sales_order_event event JOIN sales_order ON sales_order.id = order_id "
            "WHERE number = %s ORDER BY event.id",
            (order.number,),
        )
        return [state for (state,) in events.fetchall()]

    def subjects(self, order: Order) -> list[str]:
        """The subjects of the mails that tell of the order."""
        found = self.database.execute(
            "SELECT subject FROM outbox_message WHERE subject LIKE %s ORDER BY id", (f"%{order.number}%",)
        )
        return [subject for (subject,) in found.fetchall()]

    def expire(self, order: Order) -> None:
        """The time to pay is over, and the reaper has been round."""
        self.database.execute(
            "UPDATE sales_order SET reserved_until = now() - interval '1 minute' WHERE number = %s", (order.number,)
        )
        bookstore("orders", "expire", env=self.environment)

    def reconcile(self, *, later: bool = True, check: bool = True) -> subprocess.CompletedProcess[str]:
        """`bookstore payments reconcile`, minutes later or now."""
        if later:
            self.grow_old()
        return bookstore("payments", "reconcile", env=self.environment, check=check)

    def grow_old(self) -> None:
        """Every payment was last looked at some minutes ago."""
        self.database.execute("UPDATE payment SET updated_at = updated_at - interval '5 minutes'")

    def refund(self, order: Order) -> httpx.Response:
        """The staff give the money back."""
        return self.http.post(
            f"{self.shop.url}/api/v1/orders/{order.number}/transitions",
            json={"state": "refunded", "reason": "It came damaged."},
            headers={"Authorization": f"Bearer {self.bearer}"},
        )


@contextmanager
def market(databases: Databases, name: str, *, lifetime_seconds: str = "3600", **settings: str) -> Iterator[Market]:
    """A shop with a provider, in a database of its own."""
    port = free_port()
    payment = {
        "PAYMENT_PROVIDER": "sandbox",
        "PAYMENT_URL": f"http://127.0.0.1:{port}",
        "PAYMENT_API_KEY": API_KEY,
        "PAYMENT_WEBHOOK_SECRET": f"{SECRET},{OLD_SECRET}",
        "PAYMENT_TIMEOUT_SECONDS": "3",
        "LOG_LEVEL": "DEBUG",
    }
    with databases.temporary(name):
        environment = databases.environment(name, **payment | settings)
        scopes = ("--scope", "catalogue", "--scope", "orders")
        bearer = bookstore("token", "add", "tests", *scopes, env=environment).stdout.strip()
        with (
            serve(environment) as shop,
            sandbox(port, shop.url + WEBHOOKS, slow_seconds="1", lifetime_seconds=lifetime_seconds) as provider,
            psycopg.connect(databases.url(name, OWNER), autocommit=True) as database,
            httpx.Client(timeout=30) as http,
        ):
            yield Market(shop, provider, database, environment, bearer, http)
