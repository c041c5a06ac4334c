"""The tables of customers."""

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, Index, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from bookstore.db import Base


class Customer(Base):
    """Someone with an account. There is none before its e-mail address is confirmed."""

    __tablename__ = "customer"
    __table_args__ = (Index("uq_customer_email", func.lower(text("email")), unique=True),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    email: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    password_hash: Mapped[str] = mapped_column(Text)
    # Of e-mails: the one of the pages where the customer logged in last.
    language: Mapped[str] = mapped_column(Text, server_default=text("'en'"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class CustomerAddress(Base):
    """Where a customer has orders sent; the preferred one fills in the checkout."""

    __tablename__ = "customer_address"
    __table_args__ = (
        Index(None, "customer_id", "id"),
        Index("uq_customer_address_preferred", "customer_id", unique=True, postgresql_where=text("preferred")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Text)
    street: Mapped[str] = mapped_column(Text)
    street2: Mapped[str | None] = mapped_column(Text)
    city: Mapped[str] = mapped_column(Text)
    region: Mapped[str | None] = mapped_column(Text)
    postal_code: Mapped[str] = mapped_column(Text)
    country: Mapped[str] = mapped_column(Text)
    preferred: Mapped[bool] = mapped_column(server_default=text("false"))
