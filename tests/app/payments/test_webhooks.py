"""POST /api/v1/payment-webhooks: only what the provider has signed just now has an effect, and once."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from tests.app.payments.market import OLD_SECRET, SECRET, SILENT, WEBHOOKS, Market, Order

FORGED = "whsec_Zm9yZ2VkLWJ5LXNvbWVib2R5LWVsc2UtZm9yLWZ1bg=="


@pytest.fixture
def order(till: Market) -> Order:
    """An order that the provider has the money of, which the shop does not know yet."""
    order = till.order()
    till.pay(order, SILENT)
    return order


def body(till: Market, order: Order, **changes: Any) -> str:
    ((provider_id, _),) = till.payments(order)
    return json.dumps({"type": "payment.paid", "data": till.provider.payment(provider_id) | changes})


def send(
    till: Market,
    text: str,
    *,
    secret: str = SECRET,
    event: str | None = None,
    age_seconds: int = 0,
    sent: str | None = None,
) -> httpx.Response:
    event, now = event or f"evt_{uuid.uuid4().hex}", datetime.now(UTC) - timedelta(seconds=age_seconds)
    headers = {
        "webhook-id": event,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(event, now, text),
    }
    return till.http.post(till.shop.url + WEBHOOKS, content=text if sent is None else sent, headers=headers)


def refused(response: httpx.Response, status: int) -> None:
    assert (response.status_code, response.json()["status"]) == (status, status)
    assert response.headers["Content-Type"] == "application/problem+json"


class TestTaken:
    @pytest.mark.parametrize("secret", [SECRET, OLD_SECRET])
    def test_signed_with_any_of_the_secrets(self, till: Market, order: Order, secret: str) -> None:
        assert send(till, body(till, order), secret=secret).status_code == 204
        till.check(order, "paid", "paid")

    def test_again_is_taken_and_does_nothing(self, till: Market, order: Order) -> None:
        told = body(till, order)
        assert send(till, told, event=f"evt_{order.number}").status_code == 204
        assert send(till, told, event=f"evt_{order.number}").status_code == 204
        assert till.history(order) == ["pending_payment", "paid"]

    def test_id_protects_even_if_the_rest_differs(self, till: Market, order: Order) -> None:
        assert send(till, body(till, order, state="open"), event=f"evt_{order.number}").status_code == 204
        assert send(till, body(till, order), event=f"evt_{order.number}").status_code == 204
        assert till.state(order) == "pending_payment"

    @pytest.mark.parametrize("outdated", ["open", "declined", "expired"])
    def test_outdated_news_changes_nothing(self, till: Market, order: Order, outdated: str) -> None:
        assert send(till, body(till, order)).status_code == 204
        assert send(till, body(till, order, state=outdated)).status_code == 204
        till.check(order, "paid", "paid")

    def test_payment_after_all_counts(self, till: Market, order: Order) -> None:
        assert send(till, body(till, order, state="declined")).status_code == 204
        assert till.states(order) == ("declined",)
        assert send(till, body(till, order)).status_code == 204
        till.check(order, "paid", "paid")

    def test_refund_made_at_the_provider_refunds_the_order(self, till: Market, order: Order) -> None:
        assert send(till, body(till, order)).status_code == 204
        assert send(till, body(till, order, state="refunded")).status_code == 204
        assert (till.state(order), till.states(order)) == ("refunded", ("refunded",))


class TestRefused:
    def test_forged(self, till: Market, order: Order) -> None:
        refused(send(till, body(till, order), secret=FORGED), 401)
        till.check_untouched(order)

    def test_changed_on_the_way(self, till: Market, order: Order) -> None:
        refused(send(till, body(till, order, state="open"), sent=body(till, order)), 401)
        till.check_untouched(order)

    @pytest.mark.parametrize("age_seconds", [301, -301])
    def test_of_another_time(self, till: Market, order: Order, age_seconds: int) -> None:
        refused(send(till, body(till, order), age_seconds=age_seconds), 401)
        till.check_untouched(order)

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"webhook-signature": "v1"},
            {"webhook-signature": "v1,%%"},
            {"webhook-signature": "v2,AAAA"},
            {"webhook-timestamp": "nan"},
            {"webhook-timestamp": "1e999"},
        ],
    )
    def test_headers_that_are_none(self, till: Market, headers: dict[str, str]) -> None:
        usual = {"webhook-id": "evt_1", "webhook-timestamp": str(int(datetime.now(UTC).timestamp()))}
        usual |= {"webhook-signature": "v1,AAAA"} | headers
        refused(till.http.post(till.shop.url + WEBHOOKS, content="{}", headers=usual if headers else {}), 401)

    def test_body_that_is_no_text(self, till: Market) -> None:
        refused(till.http.post(till.shop.url + WEBHOOKS, content=b"\xff"), 401)

    @pytest.mark.parametrize("text", ["", "[]", '{"data": {}}', "null"])
    def test_of_no_payment(self, till: Market, text: str) -> None:
        refused(send(till, text), 400)

    def test_too_large(self, till: Market) -> None:
        refused(send(till, " " * 65_537), 413)

    def test_too_large_in_chunks(self, till: Market) -> None:
        # On a connection of its own: gunicorn closes one whose body it did not read, whatever its answer said.
        refused(httpx.post(till.shop.url + WEBHOOKS, content=iter([b" " * 70_000])), 413)

    def test_unknown_payment_is_to_be_sent_again(self, till: Market, order: Order) -> None:
        event = f"evt_{order.number}"
        refused(send(till, body(till, order, id="pay_not_stored_yet"), event=event), 404)
        assert send(till, body(till, order), event=event).status_code == 204
        till.check(order, "paid", "paid")

    @pytest.mark.parametrize("changes", [{"amount_cents": 1}, {"currency": "JPY"}])
    def test_other_amount(self, till: Market, order: Order, changes: dict[str, Any]) -> None:
        refused(send(till, body(till, order, **changes)), 409)
        till.check_untouched(order)
        assert any(line.get("event") == "payment_amount_differs" for line in till.shop.lines())
