"""A payment provider in memory, for a state machine: a thousand payments a minute, and answers that get lost."""

from collections.abc import Mapping
from dataclasses import replace

from bookstore.errors import NotFound
from bookstore.payments.models import PaymentState
from bookstore.payments.provider import Checkout, Event, Status


class Crashed(Exception):
    """The shop's process ended there."""


class MemoryProvider:
    """Knows its `payments`; while it `loses` it does what it is asked, and the shop ends before it hears of it."""

    name = "sandbox"

    def __init__(self) -> None:
        self.payments: dict[str, Status] = {}
        self.loses = False
        self._ids: dict[str, str] = {}

    def create(
        self, reference: str, amount_cents: int, currency: str, return_url: str, idempotency_key: str
    ) -> Checkout:
        assert reference
        assert return_url
        made = self._ids.setdefault(idempotency_key, f"pay_{len(self._ids)}")
        self.payments.setdefault(made, Status(made, PaymentState.OPEN, amount_cents, currency))
        self._answer()
        return Checkout(made, f"https://pay.example/{made}")

    def fetch(self, provider_id: str) -> Status:
        if provider_id not in self.payments:
            raise NotFound("There is no such payment.")
        return self.payments[provider_id]

    def refund(self, provider_id: str, amount_cents: int, idempotency_key: str) -> Status:
        assert idempotency_key
        status = self.fetch(provider_id)
        assert (status.state, status.amount_cents) == (PaymentState.PAID, amount_cents)
        self.payments[provider_id] = replace(status, state=PaymentState.REFUNDED)
        self._answer()
        return self.payments[provider_id]

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> Event:
        raise NotImplementedError("the machine hands events over itself")

    def decide(self, provider_id: str, state: PaymentState) -> None:
        """The buyer pays on the provider's page, or is declined there."""
        self.payments[provider_id] = replace(self.payments[provider_id], state=state)

    def _answer(self) -> None:
        if self.loses:
            raise Crashed
