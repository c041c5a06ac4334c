"""The sandbox itself: what a real provider's API does, too."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from tests.app.payments.market import API_KEY, PAID, SECRET, Sandbox, sandbox, wait_until
from tests.servers import free_port

WANTED = {"reference": "A-1", "amount_cents": 1299, "currency": "USD", "return_url": "http://127.0.0.1/back"}


class Shop(BaseHTTPRequestHandler):
    """Refuses each webhook twice, and then takes it."""

    seen: list[dict[str, Any]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        Webhook(SECRET).verify(body, dict(self.headers.items()))
        self.seen.append({"id": self.headers["webhook-id"], **json.loads(body)})
        self.send_response(204 if len(self.seen) > 2 else 503)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def received() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """An address that takes webhooks, and what it was sent."""
    seen: list[dict[str, Any]] = []
    with HTTPServer(("127.0.0.1", 0), type("This", (Shop,), {"seen": seen})) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/", seen
        server.shutdown()
        thread.join()


@pytest.fixture
def provider(received: tuple[str, list[dict[str, Any]]]) -> Iterator[Sandbox]:
    with sandbox(free_port(), received[0]) as running:
        yield running


def post(provider: Sandbox, path: str, body: object, key: str | None, api_key: str = API_KEY) -> httpx.Response:
    headers = {"Authorization": f"Bearer {api_key}"} | ({"Idempotency-Key": key} if key else {})
    return httpx.post(f"{provider.url}/v1/payments{path}", json=body, headers=headers)


class TestApi:
    def test_same_key_gives_the_same_payment_and_another_request_is_refused(self, provider: Sandbox) -> None:
        first = post(provider, "", WANTED, "key")
        assert (first.status_code, first.json()["state"]) == (201, "open")
        assert post(provider, "", WANTED, "key").json() == first.json()
        assert post(provider, "", WANTED | {"amount_cents": 1}, "key").status_code == 422
        assert post(provider, "", WANTED, "another").json()["id"] != first.json()["id"]

    def test_refuses_what_is_wrong(self, provider: Sandbox) -> None:
        assert post(provider, "", WANTED, "key", api_key="wrong").status_code == 401
        assert post(provider, "", WANTED, None).status_code == 400
        assert post(provider, "", WANTED | {"amount_cents": 0}, "key").status_code == 422
        assert post(provider, "/pay_none/refunds", {"amount_cents": 1}, "key").status_code == 404

    def test_refunds_once_and_only_what_was_paid(self, provider: Sandbox) -> None:
        made = post(provider, "", WANTED, "key").json()
        refunds = f"/{made['id']}/refunds"
        assert post(provider, refunds, {"amount_cents": 1299}, "early").status_code == 409
        httpx.post(made["checkout_url"], data={"card": PAID})
        assert post(provider, refunds, {"amount_cents": 1}, "part").status_code == 422
        assert post(provider, refunds, {"amount_cents": 1299}, "whole").json()["state"] == "refunded"
        assert post(provider, refunds, {"amount_cents": 1299}, "whole").json()["state"] == "refunded"
        assert post(provider, refunds, {"amount_cents": 1299}, "more").status_code == 409


class TestPage:
    def test_takes_test_cards_only_and_each_payment_once(self, provider: Sandbox) -> None:
        url = post(provider, "", WANTED, "key").json()["checkout_url"]
        refused = httpx.post(url, data={"card": "5555 5555 5555 4444"})
        assert refused.status_code == 422
        assert 'aria-describedby="problem"' in refused.text
        assert "5555" not in refused.text
        paid = httpx.post(url, data={"card": "4242 4242 4242 4242"})
        assert (paid.status_code, paid.headers["Location"]) == (303, WANTED["return_url"])
        assert httpx.post(url, data={"card": PAID}).status_code == 409
        assert "This payment is paid." in httpx.get(url).text


class TestWebhooks:
    def test_come_again_until_they_are_taken(
        self, provider: Sandbox, received: tuple[str, list[dict[str, Any]]]
    ) -> None:
        made = post(provider, "", WANTED, "key").json()
        httpx.post(made["checkout_url"], data={"card": PAID})
        wait_until(lambda: len(received[1]) == 3, "the third attempt")
        assert received[1][0] == received[1][1] == received[1][2]
        assert received[1][0]["type"] == "payment.paid"
        assert received[1][0]["data"] == made | {"state": "paid"}
