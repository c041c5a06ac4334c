"""Every read of reviews, as statements that give plain rows."""

from typing import Any

from sqlalchemy import Row, Select, and_, func, select, tuple_
from sqlalchemy.orm import Session

from bookstore import pagination
from bookstore.catalogue.models import Book
from bookstore.db import ReadSession
from bookstore.orders.models import SalesOrder, SalesOrderLine
from bookstore.orders.states import State
from bookstore.pagination import Page
from bookstore.reviews.models import Review, ReviewState

# Who has paid for a book, and kept it, has bought it.
BOUGHT = (State.PAID, State.PACKED, State.SHIPPED, State.DELIVERED)
PER_PAGE = 20
NEWEST, MODERATED, OWN = "newest_reviews", "moderated_reviews", "own_reviews"
SHOWN: tuple[Any, ...] = (Review.id, Review.rating, Review.name, Review.body, Review.updated_at)
MODERATION: tuple[Any, ...] = (
    Review.id, Review.rating, Review.name, Review.body, Review.state, Review.reason, Review.version, Review.updated_at,
    Book.isbn13, Book.title, Book.slug,
)  # fmt: skip


def approved(session: ReadSession, isbn13: str, limit: int, cursor: str | None) -> Page:
    """One page of what is shown of a book's reviews, the newest first; raises BadRequest for a forged cursor."""
    statement = (
        select(*SHOWN)
        .join(Book, Book.id == Review.book_id)
        .where(Book.isbn13 == isbn13, Review.state == ReviewState.APPROVED)
    )
    return pagination.by_id(session, statement, Review.id, NEWEST, limit, cursor)


def in_state(session: ReadSession, state: ReviewState, limit: int, cursor: str | None) -> Page:
    """One page of the reviews in a state with their books, the oldest first; raises BadRequest for a forged cursor."""
    statement = _with_book().where(Review.state == state)
    return pagination.by_id(session, statement, Review.id, MODERATED, limit, cursor, oldest_first=True)


def one(session: ReadSession | Session, review_id: int) -> Row[Any] | None:
    """A review with its book."""
    return session.execute(_with_book().where(Review.id == review_id)).one_or_none()


def bought(session: ReadSession | Session, customer_id: int, isbn13: str) -> Row[Any] | None:
    """A book that the customer has bought here, with what of a review there is; None for any other book."""
    return session.execute(_bought(customer_id).where(Book.isbn13 == isbn13)).one_or_none()


def all_bought(session: ReadSession, customer_id: int, cursor: str | None) -> Page:
    """One page of what the customer has bought, the latest first; raises BadRequest for a forged cursor."""
    statement = _bought(customer_id)
    latest = func.max(SalesOrder.id)
    if cursor:
        statement = statement.having(tuple_(latest, Book.id) < tuple_(*pagination.decode(cursor, OWN)))
    rows = session.execute(statement.order_by(latest.desc(), Book.id.desc()).limit(PER_PAGE + 1)).all()
    return pagination.page(rows, PER_PAGE, lambda last: pagination.encode(OWN, last.latest_order, last.id))


def _with_book() -> Select[Any]:
    return select(*MODERATION).join(Book, Book.id == Review.book_id)


def _bought(customer_id: int) -> Select[Any]:
    columns: tuple[Any, ...] = (
        Book.id, Book.isbn13, Book.slug, Book.title, Book.byline, Book.language, Book.active,
        Review.rating, Review.name, Review.body, Review.state, Review.reason,
    )  # fmt: skip
    return (
        select(*columns, func.max(SalesOrder.id).label("latest_order"))
        .select_from(SalesOrder)
        .join(SalesOrderLine, SalesOrderLine.order_id == SalesOrder.id)
        .join(Book, Book.id == SalesOrderLine.book_id)
        .join(Review, and_(Review.book_id == Book.id, Review.customer_id == customer_id), isouter=True)
        .where(SalesOrder.customer_id == customer_id, SalesOrder.state.in_(BOUGHT))
        .group_by(Book.id, Review.id)
    )
