"""A payment provider behind an HTTP API: JSON, idempotency keys, hosted pages, Standard Webhooks.

For another provider, write another of these against its API, and name it in provider.py and config.py.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import structlog
import urllib3
from pydantic import BaseModel, ValidationError
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from bookstore.config import Settings
from bookstore.errors import BadRequest, NotFound, ServiceUnavailable, Unauthorized
from bookstore.i18n import gettext, gettext_noop
from bookstore.payments import metrics
from bookstore.payments.models import PaymentState
from bookstore.payments.provider import Checkout, Event, Status

CONNECTIONS_KEPT = 8
AWAY = gettext_noop(
    "The payment provider does not answer just now, so nothing was charged. Please try again in a minute."
)
log = structlog.get_logger(__name__)


class PaymentBody(BaseModel):
    """A payment as the API and the webhooks show it."""

    id: str
    reference: str
    state: PaymentState
    amount_cents: int
    currency: str
    checkout_url: str

    def status(self) -> Status:
        """What settling needs of it."""
        return Status(self.id, self.state, self.amount_cents, self.currency)


class WebhookBody(BaseModel):
    """The body of a webhook, whose kind the payment's state says."""

    data: PaymentBody


class HttpProvider:
    """The API at PAYMENT_URL."""

    def __init__(self, settings: Settings) -> None:
        assert settings.payment_url and settings.payment_api_key  # noqa: S101, PT018  # the settings are checked
        self.name = settings.payment_provider.value
        self._url = settings.payment_url.rstrip("/")
        self._pages = settings.payment_pages
        self._webhooks = [Webhook(secret) for secret in settings.webhook_secrets]
        # No retries here: a buyer waits, and tries again with the same key; `bookstore payments reconcile` does, too.
        self._http = urllib3.PoolManager(
            maxsize=CONNECTIONS_KEPT,
            retries=False,
            timeout=urllib3.Timeout(total=settings.payment_timeout_seconds),
            headers={"Authorization": f"Bearer {settings.payment_api_key.get_secret_value()}"},
        )

    def create(
        self, reference: str, amount_cents: int, currency: str, return_url: str, idempotency_key: str
    ) -> Checkout:
        """See Provider."""
        wanted = {
            "reference": reference,
            "amount_cents": amount_cents,
            "currency": currency,
            "return_url": return_url,
        }
        made = self._request("POST", "/v1/payments", wanted, idempotency_key)
        if not made.checkout_url.startswith(f"{self._pages}/"):
            # The browser would not follow: the Content-Security-Policy names this origin alone.
            log.error("payment_page_elsewhere", configured=self._pages, remedy="set PAYMENT_PAGE_ORIGIN to its origin")
            raise ServiceUnavailable(gettext("Payment is not set up as it should be. It has been noted."))
        return Checkout(made.id, made.checkout_url)

    def fetch(self, provider_id: str) -> Status:
        """See Provider."""
        return self._request("GET", f"/v1/payments/{quote(provider_id, safe='')}").status()

    def refund(self, provider_id: str, amount_cents: int, idempotency_key: str) -> Status:
        """See Provider."""
        path = f"/v1/payments/{quote(provider_id, safe='')}/refunds"
        return self._request("POST", path, {"amount_cents": amount_cents}, idempotency_key).status()

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> Event:
        """See Provider; signed as https://www.standardwebhooks.com has it, up to five minutes ago."""
        lowered = {name.lower(): value for name, value in headers.items()}
        if not any(_is_signed(webhook, lowered, body) for webhook in self._webhooks):
            raise Unauthorized("This webhook is not signed with a secret of this shop, or its time is not now.")
        try:
            status = WebhookBody.model_validate_json(body).data.status()
        except ValidationError:
            raise BadRequest("This webhook tells of no payment.") from None
        return Event(lowered["webhook-id"], status)

    def _request(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, idempotency_key: str | None = None
    ) -> PaymentBody:
        headers = dict(self._http.headers)
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
        try:
            # redirect=False: the key goes to no other host.
            response = self._http.request(method, self._url + path, json=body, headers=headers, redirect=False)
        except urllib3.exceptions.HTTPError as error:
            metrics.PROVIDER_FAILURES.inc()
            log.warning("payment_provider_away", method=method, error=type(error).__name__)
            raise ServiceUnavailable(gettext(AWAY)) from None
        if response.status == 404:
            raise NotFound("The payment provider knows no such payment.")
        made = _payment_in(response)
        if made is None:
            metrics.PROVIDER_FAILURES.inc()
            log.error("payment_provider_refused", method=method, status=response.status)
            raise ServiceUnavailable(gettext(AWAY))
        return made


def _payment_in(response: urllib3.BaseHTTPResponse) -> PaymentBody | None:
    if response.status not in (200, 201):
        return None
    try:
        return PaymentBody.model_validate_json(response.data)
    except ValidationError:
        return None


def _is_signed(webhook: Webhook, headers: dict[str, str], body: bytes) -> bool:
    try:
        webhook.verify(body, headers, json_parse=False)
    except (WebhookVerificationError, ValueError):  # the latter for a signature or a body that cannot be decoded
        return False
    return True
