"""What staff read of orders, as SQLAlchemy statements that give plain rows."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import InstrumentedAttribute

from bookstore import pagination
from bookstore.db import ReadSession
from bookstore.orders.models import SalesOrder
from bookstore.orders.numbers import ALPHABET, GROUP_LENGTH, GROUPS
from bookstore.orders.states import State
from bookstore.payments.models import Payment

NEWEST = "newest_orders_of_staff"
LISTED: list[InstrumentedAttribute[Any]] = [
    SalesOrder.id, SalesOrder.number, SalesOrder.state, SalesOrder.name, SalesOrder.email, SalesOrder.country,
    SalesOrder.total_cents, SalesOrder.currency, SalesOrder.created_at,
]  # fmt: skip
PAYMENT: list[InstrumentedAttribute[Any]] = [
    Payment.provider, Payment.provider_id, Payment.state, Payment.amount_cents, Payment.currency, Payment.created_at,
    Payment.updated_at,
]  # fmt: skip
# Letters that are in no number, and the digits that they are taken for (Crockford).
MISREAD = str.maketrans("OIL", "011")


def counts(session: ReadSession) -> dict[State, int]:
    """How many orders are in each state."""
    statement = select(SalesOrder.state, func.count().label("orders")).group_by(SalesOrder.state)
    found = {row.state: row.orders for row in session.execute(statement)}
    return {state: found.get(state, 0) for state in State}


def orders(session: ReadSession, state: State | None, search: str, limit: int, cursor: str | None) -> pagination.Page:
    """One page of orders, the newest first, of a number or an e-mail address; raises BadRequest for a forged cursor."""
    statement = select(*LISTED)
    if state:
        statement = statement.where(SalesOrder.state == state)
    if "@" in search:
        statement = statement.where(func.lower(SalesOrder.email) == search.lower())
    elif search:
        statement = statement.where(SalesOrder.number == as_number(search))
    return pagination.by_id(session, statement, SalesOrder.id, NEWEST, limit, cursor)


def as_number(text: str) -> str:
    """An order's number however it is typed: '7kq2 m4zt o9xb' is '7KQ2-M4ZT-09XB'."""
    plain = "".join(letter for letter in text.upper().translate(MISREAD) if letter in ALPHABET)
    if len(plain) != GROUPS * GROUP_LENGTH:
        return text
    return "-".join(plain[start : start + GROUP_LENGTH] for start in range(0, len(plain), GROUP_LENGTH))


def payments(session: ReadSession, order_id: int) -> Sequence[Row[Any]]:
    """The payments of an order, the first one first."""
    return session.execute(select(*PAYMENT).where(Payment.order_id == order_id).order_by(Payment.id)).all()
