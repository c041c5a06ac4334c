"""POST /api/v1/payment-webhooks: the provider says what became of a payment."""

from flask import Blueprint, Response, request

from bookstore.db import unit_of_work
from bookstore.errors import ContentTooLarge
from bookstore.payments import provider, settling

LARGEST_BODY_BYTES = 65_536

webhooks = Blueprint("payment_webhooks", __name__, url_prefix="/api/v1")


@webhooks.post("/payment-webhooks")
def receive() -> Response:
    """Answer 2xx once the event has had its effect; anything else makes the provider send it again."""
    request.max_content_length = LARGEST_BODY_BYTES
    body = request.get_data(cache=False)
    # A body in chunks has no length to refuse beforehand: it was cut off at the limit.
    if request.content_length is None and len(body) == LARGEST_BODY_BYTES:
        raise ContentTooLarge(f"Send at most {LARGEST_BODY_BYTES} bytes.")
    event = provider.current().read_webhook(dict(request.headers), body)
    with unit_of_work() as session:
        settling.receive(session, event)
    return Response(status=204)
