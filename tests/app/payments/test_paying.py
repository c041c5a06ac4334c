"""A buyer pays at the provider, whatever else happens; each way ends in one state that everything agrees on."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.app.payments.market import (
    API_KEY,
    BUYER,
    DECLINED,
    EARLY,
    OLD_SECRET,
    PAID,
    SECRET,
    SILENT,
    STUCK,
    TWICE,
    Market,
    wait_until,
)
from tests.servers import Gunicorn


class TestPaid:
    def test_order_is_paid_and_the_buyer_sees_it_on_coming_back(self, till: Market) -> None:
        order = till.order()
        back = till.pay(order, PAID)
        assert back.endswith(f"/orders/{order.token}")
        assert "Thank you!" in till.page(order).text
        till.until(order, "paid", "paid")

    def test_page_is_right_before_any_webhook(self, till: Market) -> None:
        order = till.order()
        till.pay(order, SILENT)
        assert "Thank you!" in till.page(order).text
        till.check(order, "paid", "paid")

    def test_webhook_alone_is_enough(self, till: Market) -> None:
        order = till.order()
        till.pay(order, PAID)
        till.until(order, "paid", "paid")

    def test_webhook_before_the_buyer_is_back(self, till: Market) -> None:
        order = till.order()
        till.pay(order, EARLY)
        till.check(order, "paid", "paid")

    def test_webhook_twice_counts_once(self, till: Market) -> None:
        order = till.order()
        till.pay(order, TWICE)
        till.until(order, "paid", "paid")
        wait_until(lambda: len(events(till.shop, order.number)) == 1, "the log")
        assert till.history(order) == ["pending_payment", "paid"]

    def test_hanging_provider_does_not_hang_the_page(self, till: Market) -> None:
        order = till.order()
        till.pay(order, SILENT)
        with till.provider.hanging():
            assert "Waiting for payment" in till.page(order).text
        assert "Thank you!" in till.page(order).text

    def test_late_webhook_counts(self, till: Market) -> None:
        order = till.order()
        till.pay(order, STUCK)
        till.until(order, "paid", "paid")


class TestDeclined:
    def test_buyer_can_try_again(self, till: Market) -> None:
        order = till.order()
        first = till.checkout_url(order)
        till.pay(order, DECLINED)
        till.until(order, "pending_payment", "declined")
        assert till.checkout_url(order) != first
        till.pay(order, PAID)
        till.until(order, "paid", "declined", "paid")

    def test_lost_webhook_does_not_send_the_buyer_to_a_dead_page(self, till: Market) -> None:
        order = till.order()
        first = till.checkout_url(order)
        till.pay(order, DECLINED)
        assert till.checkout_url(order) != first


class TestOnce:
    def test_two_starts_at_once_are_one_open_payment(self, till: Market) -> None:
        order = till.order()
        with ThreadPoolExecutor() as pool:
            found = set(pool.map(lambda _: till.checkout_url(order), range(6)))
        assert len(found) == 1
        till.check(order, "pending_payment", "open")

    def test_going_on_finds_the_same_page(self, till: Market) -> None:
        order = till.order()
        assert till.checkout_url(order) == till.checkout_url(order)

    def test_paid_order_has_nothing_to_pay(self, till: Market) -> None:
        order = till.order()
        till.pay(order, EARLY)
        answer = till.start(order)
        assert answer.status_code == 409
        assert "There is nothing to pay: this order is paid." in answer.json()["detail"]

    def test_second_payment_of_a_paid_order_is_given_back(self, till: Market) -> None:
        order = till.order()
        url = till.checkout_url(order)
        till.database.execute("UPDATE payment SET state = 'expired' WHERE checkout_url = %s", (url,))
        till.pay(order, EARLY)
        assert till.http.post(url, data={"card": EARLY}).status_code == 303
        till.check(order, "paid", "refund_pending", "paid")
        assert "-> refunded" in till.reconcile().stdout
        till.check(order, "paid", "refunded", "paid")


class TestNothingToPay:
    def test_free_order_is_paid_at_once(self, till: Market) -> None:
        order = till.order()
        till.database.execute("UPDATE sales_order SET total_cents = 0 WHERE number = %s", (order.number,))
        assert till.checkout_url(order).endswith(f"/orders/{order.token}")
        till.check(order, "paid")


class TestLogs:
    def test_hold_no_card_no_key_and_no_mail(self, till: Market) -> None:
        order = till.order()
        till.pay(order, EARLY)
        till.page(order)
        text = till.shop.output.read_text() + till.provider.output.read_text()
        assert "payment_settled" in text
        secrets = (EARLY, PAID, BUYER, API_KEY, SECRET.removeprefix("whsec_"), OLD_SECRET)
        assert [secret for secret in secrets if secret in text] == []


def events(shop: Gunicorn, number: str) -> list[dict[str, Any]]:
    return [line for line in shop.lines() if line.get("event") == "payment_settled" and line["order"] == number]
