"""Every read of the ledger, as SQLAlchemy statements that give plain rows."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from bookstore import pagination
from bookstore.catalogue.models import Book
from bookstore.db import ReadSession
from bookstore.stock.models import StockMovement

NEWEST = "newest_movements"
MOVEMENT: list[InstrumentedAttribute[Any]] = [
    StockMovement.id, StockMovement.quantity, StockMovement.reason, StockMovement.reference, StockMovement.actor,
    StockMovement.created_at,
]  # fmt: skip
BOOK: list[InstrumentedAttribute[Any]] = [
    Book.id, Book.isbn13, Book.title, Book.byline, Book.stock, Book.active, Book.price_cents, Book.currency,
]  # fmt: skip


def book(session: ReadSession, isbn13: str) -> Row[Any] | None:
    """What the ledger's readers need of a book, on sale or not."""
    return session.execute(select(*BOOK).where(Book.isbn13 == isbn13)).one_or_none()


def movements(session: ReadSession, book_id: int, limit: int, cursor: str | None) -> pagination.Page:
    """One page of a book's ledger, the newest first; raises BadRequest for a forged cursor."""
    statement = select(*MOVEMENT).where(StockMovement.book_id == book_id)
    return pagination.by_id(session, statement, StockMovement.id, NEWEST, limit, cursor)


def latest(session: Session, isbn13: str) -> Row[Any]:
    """The last movement of a book."""
    statement = select(*MOVEMENT).join(Book, Book.id == StockMovement.book_id).where(Book.isbn13 == isbn13)
    return session.execute(statement.order_by(StockMovement.id.desc()).limit(1)).one()


def low(session: ReadSession, most: int, limit: int) -> Sequence[Row[Any]]:
    """Some books on sale with so many copies or fewer, the scarcest and then the most rated first."""
    order = (Book.stock, Book.rating_count.desc(), Book.id)
    return session.execute(select(*BOOK).where(Book.active, Book.stock <= most).order_by(*order).limit(limit)).all()


def count_low(session: ReadSession, most: int) -> int:
    """How many books on sale have so many copies or fewer."""
    return session.scalar(select(func.count()).select_from(Book).where(Book.active, Book.stock <= most)) or 0


def differences(session: ReadSession | Connection) -> Sequence[Row[Any]]:
    """The books whose stock is not the sum of their movements; none, unless somebody went round the triggers."""
    sums = select(StockMovement.book_id, func.sum(StockMovement.quantity).label("total"))
    ledger = sums.group_by(StockMovement.book_id).subquery("ledger")
    total = func.coalesce(ledger.c.total, 0)
    statement = select(Book.isbn13, Book.stock, total.label("ledger"))
    statement = statement.outerjoin(ledger, ledger.c.book_id == Book.id).where(total != Book.stock)
    return session.execute(statement.order_by(Book.isbn13)).all()
