"""The tables of staff."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Identity, Index, LargeBinary, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from bookstore.db import Base


class Staff(Base):
    """Someone who works here. `totp_step` is the time step of the last code, unknown until the first one."""

    __tablename__ = "staff_member"
    __table_args__ = (
        CheckConstraint("username ~ '^[a-z][a-z0-9._-]{1,31}$'", name="username_form"),
        CheckConstraint("role IN ('clerk', 'manager', 'admin')", name="role_known"),
        Index("uq_staff_member_email", func.lower(text("email")), unique=True),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    username: Mapped[str] = mapped_column(Text(collation="C"), unique=True)
    email: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    password_hash: Mapped[str | None] = mapped_column(Text)
    enrolment_sha256: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    enrolment_ends_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    totp_seed: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_step: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class RecoveryCode(Base):
    """Lets a member in once without the telephone."""

    __tablename__ = "staff_recovery_code"

    member_id: Mapped[int] = mapped_column(ForeignKey("staff_member.id", ondelete="CASCADE"), primary_key=True)
    sha256: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
