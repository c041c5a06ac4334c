"""Every read of orders, as SQLAlchemy statements that give plain rows."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from bookstore import pagination
from bookstore.db import ReadSession
from bookstore.errors import NotFound
from bookstore.i18n import gettext, gettext_noop
from bookstore.orders.models import Invoice, SalesOrder, SalesOrderEvent, SalesOrderLine
from bookstore.orders.numbers import as_number
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
NO_SUCH_ORDER = gettext_noop("There is no such order.")


def order(session: ReadSession | Session, number: str) -> Row[Any] | None:
    """An order without its lines, and its invoice's number and time, None before it is paid."""
    statement = select(*WHOLE, *INVOICE).outerjoin(Invoice, Invoice.order_id == SalesOrder.id)
    return session.execute(statement.where(SalesOrder.number == number)).one_or_none()


def existing_order(session: ReadSession | Session, number: str) -> Row[Any]:
    """As `order`; raises NotFound."""
    row = order(session, number)
    if row is None:
        raise NotFound(gettext(NO_SUCH_ORDER))
    return row


def lines(session: ReadSession | Session, order_id: int) -> Sequence[Row[Any]]:
    """The books of an order."""
    return session.execute(select(*LINES).where(SalesOrderLine.order_id == order_id).order_by("book_id")).all()


def events(session: ReadSession | Session, order_id: int) -> Sequence[Row[Any]]:
    """The history of an order, the oldest step first."""
    return session.execute(
        select(*EVENTS).where(SalesOrderEvent.order_id == order_id).order_by(SalesOrderEvent.id)
    ).all()


def orders(session: ReadSession, state: State | None, find: str, limit: int, cursor: str | None) -> pagination.Page:
    """One page of orders, the newest first, of a number or an e-mail address; raises BadRequest for a forged cursor."""
    statement = select(*WHOLE)
    if state:
        statement = statement.where(SalesOrder.state == state)
    if "@" in find:
        statement = statement.where(func.lower(SalesOrder.email) == find.lower())
    elif find:
        statement = statement.where(SalesOrder.number == as_number(find))
    return pagination.by_id(session, statement, SalesOrder.id, NEWEST, limit, cursor)


def counts(session: ReadSession) -> dict[State, int]:
    """How many orders are in each state."""
    statement = select(SalesOrder.state, func.count().label("orders")).group_by(SalesOrder.state)
    found = {row.state: row.orders for row in session.execute(statement)}
    return {state: found.get(state, 0) for state in State}
