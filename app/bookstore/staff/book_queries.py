"""What staff read of books, on sale or not, as SQLAlchemy statements that give plain rows."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from bookstore import pagination
from bookstore.catalogue.models import Book
from bookstore.catalogue.queries import WORDS, as_isbn, matches
from bookstore.db import ReadSession

NEWEST = "newest_books_of_staff"
LISTED: list[InstrumentedAttribute[Any]] = [
    Book.id, Book.isbn13, Book.title, Book.byline, Book.price_cents, Book.currency, Book.stock, Book.active,
]  # fmt: skip


def books(session: ReadSession, search: str, active: bool | None, limit: int, cursor: str | None) -> pagination.Page:  # noqa: FBT001
    """One page of the books with these words or this ISBN, the last added first.

    Raises BadRequest for a forged cursor.
    """
    statement = select(*LISTED)
    values = {}
    if isbn13 := as_isbn(search):
        statement = statement.where(Book.isbn13 == isbn13)
    elif search:
        statement = statement.where(matches(WORDS)).execution_options(prepared=False)
        values["words"] = search
    if active is not None:
        statement = statement.where(Book.active.is_(active))
    return pagination.by_id(session, statement, Book.id, NEWEST, limit, cursor, values=values)
