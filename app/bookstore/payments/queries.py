"""Every read of payments, as SQLAlchemy statements."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from bookstore.db import ReadSession
from bookstore.orders.models import SalesOrder
from bookstore.payments.models import Payment, PaymentState

PAYMENT: list[InstrumentedAttribute[Any]] = [
    Payment.provider, Payment.provider_id, Payment.state, Payment.amount_cents, Payment.currency, Payment.created_at,
    Payment.updated_at,
]  # fmt: skip


def of_order(session: ReadSession, order_id: int) -> Sequence[Row[Any]]:
    """The payments of an order, the first one first."""
    return session.execute(select(*PAYMENT).where(Payment.order_id == order_id).order_by(Payment.id)).all()


def open_ids(session: ReadSession, number: str, provider: str) -> Sequence[str]:
    """The provider's ids of an order's open payments."""
    ours = (Payment.provider == provider, Payment.state == PaymentState.OPEN, SalesOrder.number == number)
    return session.scalars(
        select(Payment.provider_id).join(SalesOrder, SalesOrder.id == Payment.order_id).where(*ours)
    ).all()


def number_of(session: ReadSession | Session, provider: str, provider_id: str) -> str | None:
    """The number of the order that a payment is for."""
    ours = (Payment.provider == provider, Payment.provider_id == provider_id)
    statement = select(SalesOrder.number).join(Payment, Payment.order_id == SalesOrder.id).where(*ours)
    return session.scalar(statement)
