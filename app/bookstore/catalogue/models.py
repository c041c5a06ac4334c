"""The catalogue's tables."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bookstore.db import Base

# Beyond every real year, so that unknown years come last whether the newest or the oldest come first.
BEFORE_ALL_YEARS, AFTER_ALL_YEARS = -32768, 32767

SEARCH_VECTOR = (
    "setweight(to_tsvector('bookstore', fold(title || ' ' || coalesce(subtitle, ''))), 'A') || "
    "setweight(to_tsvector('bookstore', fold(byline)), 'B') || "
    "setweight(to_tsvector('bookstore', fold(coalesce(description, ''))), 'C')"
)


class Author(Base):
    """A writer; two spellings with one slug are one author."""

    __tablename__ = "author"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    slug: Mapped[str] = mapped_column(Text(collation="C"), unique=True)


class BookAuthor(Base):
    """Who wrote a book, in the order of its title page."""

    __tablename__ = "book_author"
    __table_args__ = (Index(None, "author_id", "book_id", unique=True),)

    book_id: Mapped[int] = mapped_column(ForeignKey("book.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id"))
    author: Mapped[Author] = relationship(lazy="raise")


class Book(Base):
    """One edition that can be sold, known by its ISBN-13."""

    __tablename__ = "book"
    __table_args__ = (
        CheckConstraint("isbn13 ~ '^97[89][0-9]{10}$'", name="isbn13_form"),
        CheckConstraint("price_cents >= 0", name="price_not_negative"),
        CheckConstraint("stock >= 0", name="stock_not_negative"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_form"),
        CheckConstraint("rating_average BETWEEN 0 AND 5", name="rating_in_range"),
        Index("ix_book_search", "search", postgresql_using="gin"),
        Index("ix_book_rating_count", "rating_count", "id", postgresql_where=text("active")),
        Index("ix_book_price_cents", "price_cents", "id", postgresql_where=text("active")),
        Index("ix_book_sort_title", "sort_title", "id", postgresql_where=text("active")),
        Index("ix_book_newest_year", "newest_year", "id", postgresql_where=text("active")),
        Index("ix_book_oldest_year", "oldest_year", "id", postgresql_where=text("active")),
        Index("ix_book_language", "language", "id", postgresql_where=text("active")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    isbn13: Mapped[str] = mapped_column(Text(collation="C"), unique=True)
    slug: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    subtitle: Mapped[str | None] = mapped_column(Text)
    # The authors' names as one line: what search and the list of books read instead of a join.
    byline: Mapped[str] = mapped_column(Text)
    publisher: Mapped[str | None] = mapped_column(Text)
    publication_year: Mapped[int | None] = mapped_column(SmallInteger)
    language: Mapped[str | None] = mapped_column(Text(collation="C"))
    description: Mapped[str | None] = mapped_column(Text)
    price_cents: Mapped[int] = mapped_column(Integer)
    currency: Mapped[str] = mapped_column(Text)
    stock: Mapped[int] = mapped_column(Integer)
    cover_url: Mapped[str | None] = mapped_column(Text)
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    rating_average: Mapped[Decimal | None] = mapped_column(Numeric(3, 2))
    rating_count: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), onupdate=func.now()
    )
    sort_title: Mapped[str] = mapped_column(Text(collation="C"), Computed("left(fold(title), 200)", persisted=True))
    newest_year: Mapped[int] = mapped_column(
        SmallInteger, Computed(f"coalesce(publication_year, {BEFORE_ALL_YEARS})", persisted=True)
    )
    oldest_year: Mapped[int] = mapped_column(
        SmallInteger, Computed(f"coalesce(publication_year, {AFTER_ALL_YEARS})", persisted=True)
    )
    search: Mapped[str] = mapped_column(TSVECTOR, Computed(SEARCH_VECTOR, persisted=True), deferred=True)

    contributions: Mapped[list[BookAuthor]] = relationship(
        lazy="raise", order_by=BookAuthor.position, cascade="all, delete-orphan"
    )


class SearchWord(Base):
    """A word of some title or author, with what is left of it when any one letter is dropped.

    Two words that share such a rest are one slip of the finger apart: how "did you mean" finds them (the symmetric
    delete of W. Garbe's SymSpell, at distance one).
    """

    __tablename__ = "search_word"
    __table_args__ = (Index("ix_search_word_rests", "rests", postgresql_using="gin"),)

    word: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    rests: Mapped[list[str]] = mapped_column(ARRAY(Text), Computed("spelling_rests(word)", persisted=True))
