"""Every read of orders, as SQLAlchemy statements that give plain rows."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from bookstore import pagination
from bookstore.db import ReadSession
from bookstore.orders.models import Invoice, SalesOrder, SalesOrderEvent, SalesOrderLine
from bookstore.orders.states import State

WHOLE = tuple(SalesOrder.__table__.columns)
INVOICE: tuple[Any, ...] = (Invoice.number.label("invoice_number"), Invoice.issued_at.label("invoiced_at"))
LINES: tuple[Any, ...] = (
    SalesOrderLine.book_id, SalesOrderLine.isbn13, SalesOrderLine.title, SalesOrderLine.quantity,
    SalesOrderLine.price_cents,
)  # fmt: skip
EVENTS: tuple[Any, ...] = (
    SalesOrderEvent.state, SalesOrderEvent.actor, SalesOrderEvent.reason, SalesOrderEvent.created_at,
)  # fmt: skip
NEWEST = "newest_orders"


def order(session: ReadSession | Session, number: str) -> Row[Any] | None:
    """An order without its lines, and its invoice's number and time, None before it is paid."""
    statement = select(*WHOLE, *INVOICE).outerjoin(Invoice, Invoice.order_id == SalesOrder.id)
    return session.execute(statement.where(SalesOrder.number == number)).one_or_none()


def lines(session: ReadSession | Session, order_id: int) -> Sequence[Row[Any]]:
    """The books of an order."""
    return session.execute(select(*LINES).where(SalesOrderLine.order_id == order_id).order_by("book_id")).all()


def events(session: ReadSession | Session, order_id: int) -> Sequence[Row[Any]]:
    """The history of an order, the oldest step first."""
    return session.execute(
        select(*EVENTS).where(SalesOrderEvent.order_id == order_id).order_by(SalesOrderEvent.id)
    ).all()


def orders(session: ReadSession, state: State | None, limit: int, cursor: str | None) -> pagination.Page:
    """One page of orders, the newest first; raises BadRequest for a forged cursor."""
    statement = select(*WHOLE)
    if state:
        statement = statement.where(SalesOrder.state == state)
    return pagination.by_id(session, statement, SalesOrder.id, NEWEST, limit, cursor)
