"""Start payments, ask about them and refund them.

These run at the edge, not in a unit of work: each asks the provider while no transaction is open, and stores what it
says in transactions of its own. A crash in between loses nothing: idempotency keys make the question repeatable.
"""

import hashlib
from collections.abc import Sequence

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bookstore.db import after_commit, reading, unit_of_work
from bookstore.errors import Conflict, NotFound, ServiceUnavailable
from bookstore.i18n import gettext_noop
from bookstore.orders.models import SalesOrder
from bookstore.orders.service import change_state, locked_order
from bookstore.orders.states import LABELS, State
from bookstore.payments import metrics, provider, queries, settling
from bookstore.payments.models import Payment, PaymentState
from bookstore.payments.provider import Status

log = structlog.get_logger(__name__)


def start(number: str, return_url: str) -> str:
    """Where the buyer of an order pays it: the provider's page, after which they come back to `return_url`.

    An open payment is gone on with. An order that costs nothing is paid at once, and the address is `return_url`.
    Raises NotFound, Conflict where there is nothing to pay (any more), and ServiceUnavailable.
    """
    for provider_id in _open(number):
        ask(provider_id)
    with unit_of_work() as session:
        order = _payable(session, number)
        if not order.total_cents:
            change_state(session, order, State.PAID, actor=settling.ACTOR, reason=gettext_noop("Nothing to pay."))
            return return_url
        payments = _payments(session, order)
        if (checkout_url := _open_page(payments)) is not None:
            return checkout_url
        attempt, amount_cents, currency = len(payments) + 1, order.total_cents, order.currency
    # The provider refuses a key with another request than the first one's, and the return address may have changed.
    key = f"{number}-{attempt}-{hashlib.sha256(return_url.encode()).hexdigest()[:12]}"
    checkout = provider.current().create(number, amount_cents, currency, return_url, key)
    with unit_of_work() as session:
        order = _payable(session, number)
        # Another request may have been faster: the page that it stored is the one to use.
        if (checkout_url := _open_page(_payments(session, order))) is not None:
            return checkout_url
        session.execute(
            insert(Payment)
            .values(
                order_id=order.id,
                provider=provider.current().name,
                provider_id=checkout.provider_id,
                state=PaymentState.OPEN,
                amount_cents=amount_cents,
                currency=currency,
                checkout_url=checkout.checkout_url,
            )
            .on_conflict_do_nothing()
        )
    return checkout.checkout_url


def refresh(number: str) -> None:
    """Ask the provider about the open payments of an order, so that its page is right even before the webhook.

    Where the provider does not answer, all stays as it is: the webhook will come, or `bookstore payments reconcile`.
    """
    if not provider.is_set_up():
        return
    for provider_id in _open(number):
        try:
            ask(provider_id)
        except (ServiceUnavailable, Conflict) as error:
            log.warning("payment_not_refreshed", payment=provider_id, reason=error.title)


def ask(provider_id: str) -> PaymentState:
    """Ask the provider how a payment is, and settle it; gives its state.

    Raises ServiceUnavailable, and Conflict as `settle` does.
    """
    try:
        status = provider.current().fetch(provider_id)
    except NotFound:
        # What the provider does not know, nobody can pay.
        with unit_of_work() as session:
            return settling.expire(session, provider_id)
    return _settle(status)


def refund(number: str, actor: str, reason: str | None) -> None:
    """Promise a paid order's money back, and give it back now if the provider answers (else `reconcile` will).

    Again, it gives back what is still promised. Raises NotFound, and Conflict for an order that was never paid.
    """
    with unit_of_work() as session:
        owed = promise_refund(session, locked_order(session, number), actor, reason)
    pay_refunds(owed)


def promise_refund(session: Session, order: SalesOrder, actor: str, reason: str | None) -> list[str]:
    """The promise, in a unit of work with the order locked; gives the provider's ids of the payments for `pay_refunds`.

    Raises Conflict for an order that was never paid.
    """
    payments = _payments(session, order)
    paid = [payment for payment in payments if payment.state == PaymentState.PAID]
    promised = [payment for payment in payments if payment.state == PaymentState.REFUND_PENDING]
    if paid or not promised:
        change_state(session, order, State.REFUNDED, actor=actor, reason=reason)
    for payment in paid:
        payment.state = PaymentState.REFUND_PENDING
        after_commit(session, metrics.SETTLED.labels(payment.state).inc)
    return [payment.provider_id for payment in (*promised, *paid)]


def pay_refunds(provider_ids: Sequence[str]) -> None:
    """Give back what was promised; what the provider does not take now, `bookstore payments reconcile` does later."""
    for provider_id in provider_ids:
        try:
            give_back(provider_id)
        except (ServiceUnavailable, NotFound, Conflict) as error:
            log.warning("refund_postponed", payment=provider_id, reason=error.title)


def give_back(provider_id: str) -> PaymentState:
    """Give the money of a payment back, once, however often this is called; gives the payment's state."""
    provider_ = provider.current()
    status = provider_.fetch(provider_id)
    if status.state is PaymentState.PAID:
        status = provider_.refund(provider_id, status.amount_cents, f"refund-{provider_id}")
    return _settle(status)


def _settle(status: Status) -> PaymentState:
    with unit_of_work() as session:
        return settling.settle(session, status)


def _open(number: str) -> Sequence[str]:
    if not provider.is_set_up():
        return []
    with reading() as reader:
        return queries.open_ids(reader, number, provider.current().name)


def _payable(session: Session, number: str) -> SalesOrder:
    order = locked_order(session, number)
    if order.state != State.PENDING_PAYMENT:
        raise Conflict(f"There is nothing to pay: this order is {LABELS[State(order.state)].lower()}.")
    return order


def _payments(session: Session, order: SalesOrder) -> list[Payment]:
    return list(session.scalars(select(Payment).where(Payment.order_id == order.id).order_by(Payment.id)))


def _open_page(payments: list[Payment]) -> str | None:
    return next((payment.checkout_url for payment in payments if payment.state == PaymentState.OPEN), None)
