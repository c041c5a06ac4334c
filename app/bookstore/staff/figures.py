"""What the dashboard counts, as SQLAlchemy statements. Days are UTC's; money is what came in, less what was given back.

An order counts on the day that it was paid, and its refund on the day of the refund: so the days of all time add up to
the orders that are paid and not refunded.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Date, Row, case, cast, func, select

from bookstore.config import Settings
from bookstore.db import ReadSession
from bookstore.orders.models import SalesOrder, SalesOrderEvent, SalesOrderLine
from bookstore.orders.states import State
from bookstore.stock import queries as stock

DAYS, WEEK_DAYS = 30, 7
BEST_SELLERS = 10


@dataclass(frozen=True)
class Day:
    """What happened on one day: orders that were paid, and money in the currency's smallest unit."""

    date: date
    orders: int = 0
    revenue_cents: int = 0


@dataclass(frozen=True)
class Figures:
    """How the shop does, and what waits to be done; money in the smallest unit of the shop's currency."""

    days: list[Day]
    to_pack: int
    to_ship: int
    best_sellers: Sequence[Row[Any]]
    scarce_count: int

    @property
    def today(self) -> Day:
        """The last of the days."""
        return self.days[-1]

    @property
    def week_cents(self) -> int:
        """What came in on the last seven days, less refunds."""
        return sum(day.revenue_cents for day in self.days[-WEEK_DAYS:])


def read(session: ReadSession, settings: Settings) -> Figures:
    """The figures of today and of the last 30 days."""
    last = today()
    return Figures(
        days(session, settings.currency, last),
        *waiting(session),
        best_sellers(session, last, BEST_SELLERS),
        stock.count_low(session, settings.low_stock),
    )


def today() -> date:
    """The day that it is in UTC."""
    return datetime.now(UTC).date()


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def days(session: ReadSession, currency: str, last: date) -> list[Day]:
    """The last 30 days in this currency, the oldest first, and those on which nothing happened too."""
    first = last - timedelta(days=DAYS - 1)
    day = cast(func.timezone("UTC", SalesOrderEvent.created_at), Date).label("day")
    paid = SalesOrderEvent.state == State.PAID
    statement = (
        select(
            day,
            func.count().filter(paid).label("orders"),
            func.sum(case((paid, SalesOrder.total_cents), else_=-SalesOrder.total_cents)).label("revenue"),
        )
        .join(SalesOrder, SalesOrder.id == SalesOrderEvent.order_id)
        .where(
            SalesOrderEvent.state.in_((State.PAID, State.REFUNDED)),
            SalesOrderEvent.created_at >= _start(first),
            SalesOrderEvent.created_at < _start(last + timedelta(days=1)),
            SalesOrder.currency == currency,
        )
        .group_by(day)
    )
    found = {row.day: Day(row.day, row.orders, int(row.revenue)) for row in session.execute(statement)}
    every = (first + timedelta(days=number) for number in range(DAYS))
    return [found.get(one) or Day(one) for one in every]


def best_sellers(session: ReadSession, last: date, limit: int) -> Sequence[Row[Any]]:
    """The books of which the most copies were sold in the last 30 days, without what was refunded."""
    sold = func.sum(SalesOrderLine.quantity).label("sold")
    paid = (
        select(SalesOrderEvent.order_id)
        .join(SalesOrder, SalesOrder.id == SalesOrderEvent.order_id)
        .where(
            SalesOrderEvent.state == State.PAID,
            SalesOrderEvent.created_at >= _start(last - timedelta(days=DAYS - 1)),
            SalesOrder.state != State.REFUNDED,
        )
    )
    columns: tuple[Any, ...] = (SalesOrderLine.isbn13, func.max(SalesOrderLine.title).label("title"), sold)
    statement = (
        select(*columns)
        .where(SalesOrderLine.order_id.in_(paid))
        .group_by(SalesOrderLine.isbn13)
        .order_by(sold.desc(), SalesOrderLine.isbn13)
    )
    return session.execute(statement.limit(limit)).all()


def waiting(session: ReadSession) -> tuple[int, int]:
    """How many orders wait to be packed, and how many packed ones to be shipped."""
    paid, packed = SalesOrder.state == State.PAID, SalesOrder.state == State.PACKED
    statement = select(func.count().filter(paid).label("to_pack"), func.count().filter(packed).label("to_ship"))
    row = session.execute(statement.where(paid | packed)).one()
    return row.to_pack, row.to_ship
