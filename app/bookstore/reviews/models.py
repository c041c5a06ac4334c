"""The table of reviews."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from bookstore.db import Base


class ReviewState(StrEnum):
    """Whether a review is shown."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


KNOWN_STATES = ", ".join(f"'{state}'" for state in ReviewState)


class Review(Base):
    """What a customer thinks of a book bought here; shown once the staff has approved it."""

    __tablename__ = "review"
    __table_args__ = (
        UniqueConstraint("book_id", "customer_id"),
        CheckConstraint("rating BETWEEN 1 AND 5", name="rating_in_range"),
        CheckConstraint(f"state IN ({KNOWN_STATES})", name="state_known"),
        Index(None, "state", "id"),
        Index(
            "ix_review_approved",
            "book_id",
            "id",
            postgresql_include=["rating"],
            postgresql_where=text("state = 'approved'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("book.id", ondelete="CASCADE"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"), index=True)
    rating: Mapped[int] = mapped_column(SmallInteger)
    # What the customer wants to be called there: nobody's full name is published unasked.
    name: Mapped[str] = mapped_column(Text)
    body: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, server_default=text("'pending'"))
    # Of the rejection, for its writer.
    reason: Mapped[str | None] = mapped_column(Text)
    # One more with each change of its words, so that nobody approves others than those that were read.
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
