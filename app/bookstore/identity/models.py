"""The tables of sessions and limits."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Index, Integer, LargeBinary, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from bookstore.db import Base


class AccountSession(Base):
    """Someone who has logged in, known by the hash of the token in the cookie."""

    __tablename__ = "account_session"
    __table_args__ = (
        CheckConstraint("kind IN ('customer', 'staff', 'staff_password')", name="kind_known"),
        Index(None, "kind", "subject_id"),
    )

    sha256: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[int] = mapped_column(BigInteger)
    user_agent: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now(), index=True)
    seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class RateLimit(Base):
    """How often something was tried, by the hash of what and by whom: neither is kept."""

    __tablename__ = "rate_limit"
    __table_args__ = ({"prefixes": ["UNLOGGED"]},)

    sha256: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    hits: Mapped[int] = mapped_column(Integer)
    ends_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
