"""The tables of payments."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from bookstore.db import Base


class PaymentState(StrEnum):
    """Where a payment is, here and at the provider."""

    OPEN = "open"
    PAID = "paid"
    DECLINED = "declined"
    EXPIRED = "expired"
    REFUND_PENDING = "refund_pending"
    REFUNDED = "refunded"


KNOWN_STATES = ", ".join(f"'{state}'" for state in PaymentState)
# What the provider is still to be asked about.
UNSETTLED = (PaymentState.OPEN, PaymentState.REFUND_PENDING)


class Payment(Base):
    """An attempt to pay an order; no card and no name, which only the provider sees."""

    __tablename__ = "payment"
    __table_args__ = (
        CheckConstraint(f"state IN ({KNOWN_STATES})", name="state_known"),
        UniqueConstraint("provider", "provider_id"),
        Index("ix_payment_unsettled", "updated_at", postgresql_where=text("state IN ('open', 'refund_pending')")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("sales_order.id"), index=True)
    provider: Mapped[str] = mapped_column(Text)
    provider_id: Mapped[str] = mapped_column(Text(collation="C"))
    state: Mapped[str] = mapped_column(Text)
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(Text)
    checkout_url: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    # Of an unsettled payment: when it changed, or when the provider was last asked about it.
    updated_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), onupdate=func.now()
    )


class WebhookEvent(Base):
    """A message of the provider that has had its effect; the same one again has none."""

    __tablename__ = "webhook_event"

    id: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now(), index=True)
