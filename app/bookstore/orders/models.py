"""The tables of orders."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Text,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bookstore.db import Base
from bookstore.orders.states import State

KNOWN_STATES = ", ".join(f"'{state}'" for state in State)


class IdempotencyKey(Base):
    """What was answered to a request that its sender may repeat."""

    __tablename__ = "idempotency_key"

    key: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    request_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    answer: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now(), index=True)


class SalesOrderLine(Base):
    """A book of an order, as it was when it was ordered."""

    __tablename__ = "sales_order_line"
    __table_args__ = (CheckConstraint("quantity > 0", name="quantity_positive"),)

    order_id: Mapped[int] = mapped_column(ForeignKey("sales_order.id"), primary_key=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("book.id"), primary_key=True, index=True)
    isbn13: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    quantity: Mapped[int] = mapped_column(Integer)
    price_cents: Mapped[int] = mapped_column(Integer)


class SalesOrderEvent(Base):
    """A step of an order: when it reached a state, through whom, and why."""

    __tablename__ = "sales_order_event"
    __table_args__ = (Index(None, "order_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("sales_order.id"))
    state: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now(), index=True)


class SalesOrder(Base):
    """What someone bought, to where, and how far it is."""

    __tablename__ = "sales_order"
    __table_args__ = (
        CheckConstraint(f"state IN ({KNOWN_STATES})", name="state_known"),
        CheckConstraint(
            "least(subtotal_cents, shipping_cents, tax_cents, total_cents) >= 0", name="amounts_not_negative"
        ),
        Index(None, "state", "id"),
        Index(None, "customer_id", "id"),
        Index("ix_sales_order_email", func.lower(text("email"))),
        Index("ix_sales_order_reserved_until", "reserved_until", postgresql_where=text("state = 'pending_payment'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    number: Mapped[str] = mapped_column(Text(collation="C"), unique=True)
    state: Mapped[str] = mapped_column(Text)
    customer_id: Mapped[int | None] = mapped_column(BigInteger)
    email: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    street: Mapped[str] = mapped_column(Text)
    street2: Mapped[str | None] = mapped_column(Text)
    city: Mapped[str] = mapped_column(Text)
    region: Mapped[str | None] = mapped_column(Text)
    postal_code: Mapped[str] = mapped_column(Text)
    country: Mapped[str] = mapped_column(Text)
    gift_note: Mapped[str | None] = mapped_column(Text)
    # Of what the buyer is told.
    language: Mapped[str] = mapped_column(Text, server_default=text("'en'"))
    currency: Mapped[str] = mapped_column(Text)
    subtotal_cents: Mapped[int] = mapped_column(BigInteger)
    shipping_cents: Mapped[int] = mapped_column(BigInteger)
    tax_cents: Mapped[int] = mapped_column(BigInteger)
    total_cents: Mapped[int] = mapped_column(BigInteger)
    # Until then its books wait for the payment; afterwards they go back on the shelf.
    reserved_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now(), index=True)
    updated_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), onupdate=func.now()
    )

    lines: Mapped[list[SalesOrderLine]] = relationship(lazy="raise", order_by=SalesOrderLine.book_id)


class InvoiceCounter(Base):
    """The last invoice's number, in a row to be locked. Only the database's trigger writes it."""

    __tablename__ = "invoice_counter"

    name: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    last_number: Mapped[int] = mapped_column(BigInteger)


class Invoice(Base):
    """The invoice of an order, issued by the database's trigger when the order is paid: consecutive, without gaps."""

    __tablename__ = "invoice"

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    order_id: Mapped[int] = mapped_column(ForeignKey("sales_order.id"), unique=True)
    issued_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
