"""Bring payments and orders to what the provider says. Every function takes a unit of work's session; none commits.

Reports may come twice, late or in any order: each names the payment's state, and an outdated one changes nothing.
Locks are taken in one order: the order, then its payment.
"""

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bookstore.db import after_commit
from bookstore.errors import Conflict, NotFound
from bookstore.i18n import gettext_noop
from bookstore.orders.models import SalesOrder
from bookstore.orders.service import change_state, locked_order
from bookstore.orders.states import TRANSITIONS, State
from bookstore.outbox.service import enqueue
from bookstore.payments import metrics, provider, queries
from bookstore.payments.models import Payment, PaymentState, WebhookEvent
from bookstore.payments.provider import Event, Status

ACTOR = "payments"
UNPAID = (PaymentState.OPEN, PaymentState.DECLINED, PaymentState.EXPIRED)
log = structlog.get_logger(__name__)


def receive(session: Session, event: Event) -> None:
    """Settle what a webhook tells, once; raises as `settle` does, and then the event counts as not received."""
    statement = insert(WebhookEvent).values(id=event.id).on_conflict_do_nothing().returning(WebhookEvent.id)
    if session.scalar(statement) is not None:
        settle(session, event.status)


def settle(session: Session, status: Status) -> PaymentState:
    """Bring a payment and its order to what the provider says; gives the payment's state.

    Raises NotFound for a payment that is not (or not yet) ours, and Conflict for another amount or currency.
    """
    order, payment = _locked(session, status.provider_id)
    if (status.amount_cents, status.currency) != (payment.amount_cents, payment.currency):
        log.error("payment_amount_differs", payment=payment.provider_id, theirs_cents=status.amount_cents)
        raise Conflict("The provider tells of another amount than the order's.")
    before = payment.state
    if status.state is PaymentState.PAID and before in UNPAID:
        _take(session, order, payment)
    elif status.state is PaymentState.REFUNDED and before != PaymentState.REFUNDED:
        _give_back(session, order, payment)
    elif status.state in (PaymentState.DECLINED, PaymentState.EXPIRED) and before == PaymentState.OPEN:
        payment.state = status.state
    if payment.state != before:
        after_commit(session, metrics.SETTLED.labels(payment.state).inc)
        log.info("payment_settled", order=order.number, payment=payment.provider_id, before=before, state=payment.state)
    session.flush()
    return PaymentState(payment.state)


def expire(session: Session, provider_id: str) -> PaymentState:
    """End an open payment that the provider does not know; gives the payment's state."""
    _, payment = _locked(session, provider_id)
    if payment.state == PaymentState.OPEN:
        payment.state = PaymentState.EXPIRED
        after_commit(session, metrics.SETTLED.labels(payment.state).inc)
        log.error("payment_unknown_to_provider", payment=provider_id)
    return PaymentState(payment.state)


def _locked(session: Session, provider_id: str) -> tuple[SalesOrder, Payment]:
    name = provider.current().name
    number = queries.number_of(session, name, provider_id)
    if number is None:
        raise NotFound("This shop has no such payment.")
    order = locked_order(session, number)
    ours = (Payment.provider == name, Payment.provider_id == provider_id)
    payment = session.scalars(
        select(Payment).where(*ours).with_for_update().execution_options(populate_existing=True)
    ).one()
    return order, payment


def _take(session: Session, order: SalesOrder, payment: Payment) -> None:
    if order.state == State.PENDING_PAYMENT:
        payment.state = PaymentState.PAID
        change_state(session, order, State.PAID, actor=ACTOR)
        return
    # Its books may be sold by now, or it was paid already: the money goes back (`bookstore payments reconcile`).
    payment.state = PaymentState.REFUND_PENDING
    enqueue(
        session,
        f"payment:{payment.id}:returned",
        order.email,
        "payment_returned",
        order.language,
        order=order,
        payment=payment,
    )


def _give_back(session: Session, order: SalesOrder, payment: Payment) -> None:
    if payment.state == PaymentState.PAID and State.REFUNDED in TRANSITIONS[State(order.state)]:
        change_state(
            session, order, State.REFUNDED, actor=ACTOR, reason=gettext_noop("Refunded at the payment provider.")
        )
    payment.state = PaymentState.REFUNDED
