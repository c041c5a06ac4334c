"""Every read of orders, as SQLAlchemy statements that give plain rows."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from bookstore import pagination
from bookstore.catalogue.queries import Page
from bookstore.db import ReadSession
from bookstore.orders.models import SalesOrder, SalesOrderEvent, SalesOrderLine
from bookstore.orders.states import State

WHOLE = tuple(SalesOrder.__table__.columns)
LINES: tuple[Any, ...] = (
    SalesOrderLine.book_id, SalesOrderLine.isbn13, SalesOrderLine.title, SalesOrderLine.quantity,
    SalesOrderLine.price_cents,
)  # fmt: skip
EVENTS: tuple[Any, ...] = (
    SalesOrderEvent.state, SalesOrderEvent.actor, SalesOrderEvent.reason, SalesOrderEvent.created_at,
)  # fmt: skip
NEWEST = "newest_orders"


def order(session: ReadSession | Session, number: str) -> Row[Any] | None:
    """An order without its lines."""
    return session.execute(select(*WHOLE).where(SalesOrder.number == number)).one_or_none()


def lines(session: ReadSession | Session, order_id: int) -> Sequence[Row[Any]]:
    """The books of an order."""
    return session.execute(select(*LINES).where(SalesOrderLine.order_id == order_id).order_by("book_id")).all()


def events(session: ReadSession | Session, order_id: int) -> Sequence[Row[Any]]:
    """The history of an order, the oldest step first."""
    return session.execute(
        select(*EVENTS).where(SalesOrderEvent.order_id == order_id).order_by(SalesOrderEvent.id)
    ).all()


def orders(session: ReadSession, state: State | None, limit: int, cursor: str | None) -> Page:
    """One page of orders, the newest first; raises BadRequest for a forged cursor."""
    statement = select(*WHOLE).order_by(SalesOrder.id.desc()).limit(limit + 1)
    if state:
        statement = statement.where(SalesOrder.state == state)
    if cursor:
        _, last = pagination.decode(cursor, NEWEST)
        statement = statement.where(SalesOrder.id < last)
    rows = session.execute(statement).all()
    if len(rows) <= limit:
        return Page(rows, None)
    return Page(rows[:limit], pagination.encode(NEWEST, 0, rows[limit - 1].id))
