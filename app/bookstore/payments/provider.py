"""What the shop needs of a payment provider: a page of theirs where buyers pay, and word of what happened there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from flask import Flask, current_app

from bookstore.config import PaymentProvider, Settings
from bookstore.errors import ServiceUnavailable
from bookstore.i18n import gettext
from bookstore.payments.models import PaymentState

EXTENSION = "payments"


@dataclass(frozen=True)
class Checkout:
    """A payment that waits for the buyer at `checkout_url`."""

    provider_id: str
    checkout_url: str


@dataclass(frozen=True)
class Status:
    """What the provider says of a payment; the amount is in the currency's smallest unit."""

    provider_id: str
    state: PaymentState
    amount_cents: int
    currency: str


@dataclass(frozen=True)
class Event:
    """A message that the provider has signed."""

    id: str
    status: Status


class Provider(Protocol):
    """A provider with hosted pages, such as Stripe Checkout or Mollie: card data never reach the shop.

    Each call may raise ServiceUnavailable. The same `idempotency_key` again gives what the first call gave.
    """

    name: str

    def create(
        self, reference: str, amount_cents: int, currency: str, return_url: str, idempotency_key: str
    ) -> Checkout:
        """A new payment; afterwards the buyer comes back to `return_url`."""

    def fetch(self, provider_id: str) -> Status:
        """How a payment is; raises NotFound where the provider has none of this id."""

    def refund(self, provider_id: str, amount_cents: int, idempotency_key: str) -> Status:
        """Give the buyer the money back."""

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> Event:
        """What a webhook says; raises Unauthorized unless the provider has signed it in the last minutes."""


def init_app(app: Flask, settings: Settings) -> None:
    """Choose the provider of the settings; it connects when it is first asked."""
    from bookstore.payments.http_provider import HttpProvider

    kinds = {PaymentProvider.SANDBOX: HttpProvider}
    kind = kinds.get(settings.payment_provider)
    app.extensions[EXTENSION] = kind(settings) if kind else None


def is_set_up() -> bool:
    """Whether buyers can pay at all."""
    return current_app.extensions[EXTENSION] is not None


def current() -> Provider:
    """The provider of this shop; raises ServiceUnavailable where there is none."""
    provider: Provider | None = current_app.extensions[EXTENSION]
    if provider is None:
        raise ServiceUnavailable(gettext("This shop cannot take payments yet: its operator sets PAYMENT_PROVIDER."))
    return provider
