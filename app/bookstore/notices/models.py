"""The table of notices."""

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, Index, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from bookstore.db import Base


class StockNotice(Base):
    """Someone who wants to hear when a book is back in stock, and has confirmed the address."""

    __tablename__ = "stock_notice"
    __table_args__ = (
        Index("uq_stock_notice_book_id_email", "book_id", func.lower(text("email")), unique=True),
        Index("ix_stock_notice_email", func.lower(text("email"))),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("book.id", ondelete="CASCADE"))
    email: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text, server_default=text("'en'"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now(), index=True)
