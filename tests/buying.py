"""A book bought by the API and paid on the sandbox's page, wherever the shop runs."""

from typing import Any

import httpx

from tests.app.payments.market import ADDRESS, BUYER, PAID


def buy(buyer: httpx.Client) -> tuple[dict[str, Any], httpx.Response]:
    """The order of one book that is there, and the page that the buyer sees after paying; the client follows links."""
    isbn = buyer.get("/api/v1/books?in_stock=true").json()["items"][0]["isbn13"]
    cart = buyer.post("/api/v1/carts").json()["id"]
    buyer.put(f"/api/v1/carts/{cart}/lines/{isbn}", json={"quantity": 1}).raise_for_status()
    total = buyer.post("/api/v1/quotes", json={"cart_id": cart, "country": "US"}).json()["total_cents"]
    wanted = {"cart_id": cart, "email": BUYER, "address": ADDRESS, "expected_total_cents": total}
    order = buyer.post("/api/v1/orders", json=wanted, headers={"Idempotency-Key": "1"}).json()
    started = buyer.post(f"/api/v1/orders/{order['number']}/payment?token={order['token']}").json()
    return order, buyer.post(started["checkout_url"], data={"card": PAID})
