"""Every read of payments, as SQLAlchemy statements."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from bookstore.db import ReadSession
from bookstore.orders.models import SalesOrder
from bookstore.payments.models import Payment, PaymentState


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
