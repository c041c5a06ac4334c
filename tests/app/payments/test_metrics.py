"""/metrics of a shop that sells, with several workers, and the page that lists them."""

import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.payments.market import ADDRESS, BUYER, DECLINED, PAID, STOCK, Market, market
from tests.databases import Databases

PAGE = Path(__file__).parents[3] / "docs/metrics.md"


@pytest.fixture(scope="module")
def busy(databases: Databases, worker_id: str) -> Iterator[Market]:
    with market(databases, f"busy_{worker_id}", WEB_WORKERS="2", PAYMENT_TIMEOUT_SECONDS="1") as open_:
        yield open_


def value(market: Market, name: str, **labels: str) -> float:
    """The one series, summed over both workers."""
    (found,) = market.shop.values(name, **labels)
    return found


def settled(market: Market, state: str) -> float:
    return value(market, "bookstore_payments_settled_total", state=state)


def test_counters_begin_at_0(busy: Market) -> None:
    assert value(busy, "bookstore_orders_placed_total") == 0
    for state in ("paid", "declined", "expired", "refund_pending", "refunded"):
        assert settled(busy, state) == 0
    assert value(busy, "bookstore_http_requests_total", method="other", route="shed", status="503") == 0


def test_what_is_sold_and_paid_is_counted_once(busy: Market) -> None:
    paid, declined = busy.order(), busy.order()
    busy.pay(paid, PAID)
    busy.until(paid, "paid", "paid")
    busy.pay(declined, DECLINED)
    busy.until(declined, "pending_payment", "declined")
    assert value(busy, "bookstore_orders_placed_total") == 2
    assert (settled(busy, "paid"), settled(busy, "declined"), settled(busy, "refunded")) == (1, 1, 0)
    assert busy.refund(paid).is_success
    assert (settled(busy, "paid"), settled(busy, "refund_pending"), settled(busy, "refunded")) == (1, 1, 1)


def test_what_is_refused_is_counted_by_its_reason(busy: Market) -> None:
    def refused(reason: str) -> float:
        return value(busy, "bookstore_checkouts_refused_total", reason=reason)

    isbn, placed = busy.order().isbn, value(busy, "bookstore_orders_placed_total")
    cart = busy.http.post(f"{busy.shop.url}/api/v1/carts").json()["id"]
    lines = f"{busy.shop.url}/api/v1/carts/{cart}/lines/{isbn}"
    assert busy.http.put(lines, json={"quantity": STOCK - 1}).is_success
    wanted = {"cart_id": cart, "email": BUYER, "address": ADDRESS, "expected_total_cents": 1}
    orders = f"{busy.shop.url}/api/v1/orders"

    def order() -> int:
        return busy.http.post(orders, json=wanted, headers={"Idempotency-Key": uuid.uuid4().hex}).status_code

    assert (order(), refused("price_changed"), refused("out_of_stock")) == (409, 1, 0)
    busy.database.execute("UPDATE book SET stock = 1 WHERE isbn13 = %s", (isbn,))
    assert (order(), refused("price_changed"), refused("out_of_stock")) == (409, 1, 1)
    assert value(busy, "bookstore_orders_placed_total") == placed


def test_a_provider_that_does_not_answer_is_counted(busy: Market) -> None:
    order, before = busy.order(), value(busy, "bookstore_payment_provider_failures_total")
    with busy.provider.hanging():
        assert busy.start(order).status_code == 503
    assert value(busy, "bookstore_payment_provider_failures_total") == before + 1


def test_the_page_lists_every_metric_as_it_is(busy: Market) -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| ([\w, ]*?) ?\| (.+) \|$", PAGE.read_text(), flags=re.MULTILINE)
    assert {(name, kind, frozenset(re.findall(r"\w+", labels)), text) for name, kind, labels, text in rows} == {
        (
            family.name + ("_total" if family.type == "counter" else ""),
            family.type,
            frozenset({label for sample in family.samples for label in sample.labels} - {"le"}),
            family.documentation,
        )
        for family in busy.shop.metrics()
    }
