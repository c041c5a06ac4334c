"""The table of uploaded catalogue files."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Identity, Integer, LargeBinary, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from bookstore.db import Base


class ImportState(StrEnum):
    """How far an upload is."""

    CHECKING = "checking"
    CHECKED = "checked"
    IMPORTING = "importing"
    DONE = "done"
    REFUSED = "refused"


KNOWN_STATES = ", ".join(f"'{state}'" for state in ImportState)


class CatalogueImport(Base):
    """An uploaded file, and what became of its rows up to `line`: by a dry run first, then for true."""

    __tablename__ = "catalogue_import"
    __table_args__ = (CheckConstraint(f"state IN ({KNOWN_STATES})", name="state_known"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    filename: Mapped[str] = mapped_column(Text)
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    lines: Mapped[int] = mapped_column(Integer)
    actor: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    # Why a file was refused as a whole.
    problem: Mapped[str | None] = mapped_column(Text)
    line: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    added: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    updated: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    unchanged: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    rejected: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    # The first rejected rows, as [line, reason].
    examples: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now(), index=True)
    updated_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), onupdate=func.now()
    )
