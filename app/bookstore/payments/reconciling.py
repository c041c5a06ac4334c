"""Settle what no webhook settled: one that never came, a crash after the provider's answer, a refund that failed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.orm import InstrumentedAttribute

from bookstore.db import unit_of_work
from bookstore.errors import Conflict, NotFound, ServiceUnavailable
from bookstore.payments import provider
from bookstore.payments.models import UNSETTLED, Payment, PaymentState, WebhookEvent
from bookstore.payments.service import ask, give_back

# Longer than the longest answer of the provider, so that nobody else asks about the same payment meanwhile.
UNDISTURBED = timedelta(minutes=1)
# An event is refused by its own time after five minutes; its id is kept for longer, for those who look for it.
EVENTS_KEPT = timedelta(days=7)


@dataclass(frozen=True)
class Finding:
    """What became of one payment; `failed` if somebody should look at it."""

    provider_id: str
    text: str
    failed: bool = False


def reconcile() -> Iterator[Finding]:
    """Ask about every payment that has been open, or owed back, for more than a minute; safe to run twice at once.

    Ends early, with a failed finding, when the provider does not answer; the next run begins with the others.
    """
    while row := _claim():
        if row.provider != provider.current().name:
            yield Finding(
                row.provider_id,
                f"{row.state}, and only to be settled with PAYMENT_PROVIDER={row.provider}",
                failed=True,
            )
            continue
        try:
            yield Finding(row.provider_id, f"{row.state} -> {_settle(row)}")
        except ServiceUnavailable as error:
            yield Finding(row.provider_id, f"{row.state}: {error.detail}", failed=True)
            return
        except (Conflict, NotFound) as error:
            yield Finding(row.provider_id, f"{row.state}: {error.detail}", failed=True)


def purge() -> int:
    """Forget the webhooks of more than a week ago; gives how many."""
    with unit_of_work() as session:
        old = delete(WebhookEvent).where(WebhookEvent.created_at < func.now() - EVENTS_KEPT)
        return len(session.execute(old.returning(WebhookEvent.id)).all())


def _claim() -> Row[Any] | None:
    """The unsettled payment that was left alone the longest; nobody else gets it for a while."""
    found = (
        select(Payment.id)
        .where(Payment.state.in_(UNSETTLED), Payment.updated_at < func.now() - UNDISTURBED)
        .order_by(Payment.updated_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    columns: list[InstrumentedAttribute[Any]] = [Payment.provider, Payment.provider_id, Payment.state]
    claim = update(Payment).where(Payment.id == found.scalar_subquery()).values(updated_at=func.now())
    with unit_of_work() as session:
        return session.execute(
            claim.returning(*columns),
            execution_options={"synchronize_session": False},
        ).one_or_none()


def _settle(row: Row[Any]) -> PaymentState:
    state = ask(row.provider_id) if row.state == PaymentState.OPEN else PaymentState.REFUND_PENDING
    return give_back(row.provider_id) if state is PaymentState.REFUND_PENDING else state
