"""What can be done with orders. Every function takes the session of one unit of work, and none commits."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from bookstore.errors import Conflict, NotFound
from bookstore.i18n import gettext, gettext_noop
from bookstore.orders import links, queries
from bookstore.orders.models import SalesOrder, SalesOrderEvent
from bookstore.orders.states import ANNOUNCED, LABELS, ON_THE_SHELF, TRANSITIONS, State
from bookstore.outbox import service as outbox
from bookstore.stock import service as stock
from bookstore.stock.models import Reason

EXPIRED_AT_ONCE = 100
NOT_PAID = gettext_noop("It was not paid in time.")


def locked_order(session: Session, number: str) -> SalesOrder:
    """The order, locked until the unit of work ends; raises NotFound."""
    order = session.scalar(
        select(SalesOrder)
        .where(SalesOrder.number == number)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if order is None:
        raise NotFound(gettext(queries.NO_SUCH_ORDER))
    return order


def change_state(session: Session, order: SalesOrder, to: State, *, actor: str, reason: str | None = None) -> None:
    """Take a locked order one step further; books that have not left the house go back on the shelf where it ends.

    Raises Conflict for a step that is not in states.TRANSITIONS.
    """
    before = State(order.state)
    if to not in TRANSITIONS[before]:
        can = ", ".join(sorted(TRANSITIONS[before])) or "nothing more"
        raise Conflict(
            f"An order that is {LABELS[before].lower()} cannot become {LABELS[to].lower()}; it can become: {can}."
        )
    order.state = to
    order.reserved_until = None
    session.add(SalesOrderEvent(order_id=order.id, state=to, actor=actor, reason=reason))
    session.flush()
    if to in (State.CANCELLED, State.REFUNDED) and before in ON_THE_SHELF:
        stock.explain(session, Reason.RETURNED, order.number, actor)
        stock.put_back(session, {line.book_id: line.quantity for line in queries.lines(session, order.id)})
    if to in ANNOUNCED:
        announce(session, order, queries.lines(session, order.id), reason)


def announce(
    session: Session,
    order: SalesOrder,
    lines: Sequence[Row[Any]],
    reason: str | None = None,
) -> None:
    """Write the buyer the e-mail of the order's state."""
    outbox.enqueue(
        session,
        f"order:{order.number}:{order.state}",
        order.email,
        f"order_{order.state}",
        order.language,
        order=order,
        lines=lines,
        reason=reason,
        link=links.address(order.number, order.language),
    )


def expire_reservations(session: Session) -> int:
    """Cancel some of the orders whose payment never came; gives how many, 0 when none are left."""
    late = (
        select(SalesOrder)
        .where(SalesOrder.state == State.PENDING_PAYMENT, SalesOrder.reserved_until < func.now())
        .order_by(SalesOrder.id)
        .limit(EXPIRED_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    orders = session.scalars(late).all()
    for order in orders:
        change_state(session, order, State.CANCELLED, actor="system", reason=NOT_PAID)
    return len(orders)
