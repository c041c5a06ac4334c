"""What staff read of books, on sale or not, as SQLAlchemy statements that give plain rows."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from bookstore import pagination
from bookstore.catalogue.models import Book
from bookstore.catalogue.queries import WORDS, Page, as_isbn, matches
from bookstore.db import ReadSession

NEWEST = "newest_books_of_staff"
LISTED: list[InstrumentedAttribute[Any]] = [
    Book.id, Book.isbn13, Book.title, Book.byline, Book.price_cents, Book.currency, Book.stock, Book.active,
]  # fmt: skip


def books(session: ReadSession, search: str, active: bool | None, limit: int, cursor: str | None) -> Page:  # noqa: FBT001
    """One page of the books with these words or this ISBN, the last added first.

    Raises BadRequest for a forged cursor.
    """
    statement = select(*LISTED).order_by(Book.id.desc()).limit(limit + 1)
    values = {}
    if isbn13 := as_isbn(search):
        statement = statement.where(Book.isbn13 == isbn13)
    elif search:
        statement = statement.where(matches(WORDS)).execution_options(prepared=False)
        values["words"] = search
    if active is not None:
        statement = statement.where(Book.active.is_(active))
    if cursor:
        _, last = pagination.decode(cursor, NEWEST)
        statement = statement.where(Book.id < last)
    rows = session.execute(statement, values).all()
    if len(rows) <= limit:
        return Page(rows, None)
    return Page(rows[:limit], pagination.encode(NEWEST, 0, rows[limit - 1].id))
