"""What can be done with orders. Every function takes the session of one unit of work, and none commits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from operator import attrgetter
from typing import Any

from flask import current_app
from sqlalchemy import Row, func, insert, select
from sqlalchemy.orm import Session

from bookstore.cart import queries as carts
from bookstore.cart import service as cart_service
from bookstore.cart.models import Cart, CartLine
from bookstore.config import Settings
from bookstore.db import after_commit
from bookstore.errors import Conflict, FieldError, InvalidInput, NotFound
from bookstore.formats import money
from bookstore.i18n import gettext, gettext_noop
from bookstore.i18n.language import ENGLISH
from bookstore.orders import links, metrics, pricing, queries
from bookstore.orders.models import SalesOrder, SalesOrderEvent, SalesOrderLine
from bookstore.orders.numbers import new_number
from bookstore.orders.schemas import OrderIn
from bookstore.orders.states import ANNOUNCED, LABELS, ON_THE_SHELF, TRANSITIONS, State
from bookstore.outbox import service as outbox
from bookstore.stock import service as stock
from bookstore.stock.models import Reason

EXPIRED_AT_ONCE = 100
NO_ORDERS = gettext_noop("This shop cannot take orders now: there is no way to pay yet. Please come back later.")
NOT_PAID = gettext_noop("It was not paid in time.")


@dataclass(frozen=True)
class Quote:
    """What a cart would cost now."""

    lines: Sequence[Row[Any]]
    totals: pricing.Totals


@dataclass(frozen=True)
class Placed:
    """A new order, its lines, and the beginning of its history: nothing of it needs to be read again."""

    order: SalesOrder
    lines: Sequence[SalesOrderLine]
    event: SalesOrderEvent


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings


def price(rows: Sequence[Row[Any]], country: str) -> pricing.Totals:
    """What lines cost when sent to a country; raises InvalidInput for one that the shop does not send to."""
    zone = pricing.load(_settings().rates_file).zone_of(country)
    if zone is None:
        reason = gettext("We do not send to this country yet.")
        raise InvalidInput(reason, errors=[FieldError(pointer="/body/address/country", detail=reason)])
    return pricing.totals(zone, [(row.price_cents, row.quantity) for row in rows])


def place(session: Session, wanted: OrderIn, customer_id: int | None = None, language: str = ENGLISH) -> Placed:
    """Order all that a cart holds: the books are taken from stock, and kept until the order is paid or expires.

    The buyer is told of it in the language.

    Raises NotFound for the cart, InvalidInput for the country, and Conflict where a book is short, the total is not
    what the buyer agreed to, or nobody can pay here. Then nothing has changed.
    """
    if not _settings().takes_orders:
        raise Conflict(gettext(NO_ORDERS))
    number = new_number()
    stock.explain(session, Reason.SOLD, number)
    quantities = _locked_quantities(session, wanted.cart_id)
    short = stock.take(session, quantities)
    # Read after taking: the books are locked now, so that their prices cannot change any more.
    rows = carts.lines(session, wanted.cart_id)
    if short:
        metrics.REFUSED.labels(metrics.OUT_OF_STOCK).inc()
        raise Conflict("; ".join(_shortage(row) for row in rows if row.id in short))
    currency = _settings().currency
    if others := [row.title for row in rows if row.currency != currency]:
        raise Conflict(
            gettext(
                "Orders are taken in %(currency)s only: take these out of the cart: %(titles)s",
                currency=currency,
                titles=", ".join(others),
            )
        )
    totals = price(rows, wanted.address.country)
    if totals.total_cents != wanted.expected_total_cents:
        metrics.REFUSED.labels(metrics.PRICE_CHANGED).inc()
        raise _changed_total(totals.total_cents, wanted.expected_total_cents, currency)
    new = insert(SalesOrder).values(
        number=number,
        state=State.PENDING_PAYMENT,
        customer_id=customer_id,
        email=wanted.email,
        language=language,
        **wanted.address.model_dump(),
        gift_note=wanted.gift_note or None,
        currency=currency,
        subtotal_cents=totals.subtotal_cents,
        shipping_cents=totals.shipping_cents,
        tax_cents=totals.tax_cents,
        total_cents=totals.total_cents,
        reserved_until=func.now() + timedelta(minutes=_settings().reservation_minutes),
    )
    order = session.scalars(new.returning(SalesOrder)).one()
    lines = [
        SalesOrderLine(
            order_id=order.id,
            book_id=row.id,
            isbn13=row.isbn13,
            title=row.title,
            quantity=row.quantity,
            price_cents=row.price_cents,
        )
        for row in sorted(rows, key=attrgetter("id"))
    ]
    event = SalesOrderEvent(order_id=order.id, state=order.state, actor="customer")
    session.add_all([*lines, event])
    session.flush()
    cart_service.empty(session, wanted.cart_id)
    announce(session, order, lines)
    after_commit(session, metrics.PLACED.inc)
    return Placed(order, lines, event)


def _locked_quantities(session: Session, cart_id: str) -> dict[int, int]:
    """How many of each book a cart holds, which nobody changes until the unit of work ends."""
    if (
        session.scalar(select(Cart.id).where(Cart.id == cart_id, Cart.expires_at > func.now()).with_for_update())
        is None
    ):
        raise NotFound(gettext(cart_service.NO_SUCH_CART))
    chosen = session.execute(select(CartLine.book_id, CartLine.quantity).where(CartLine.cart_id == cart_id)).all()
    if not chosen:
        raise Conflict(gettext("The cart is empty: put a book into it first."))
    return {row.book_id: row.quantity for row in chosen}


def _shortage(row: Row[Any]) -> str:
    named = {"title": row.title, "quantity": row.quantity}
    if row.active and row.stock:
        return gettext("%(title)s: only %(left)s left, and %(quantity)s in the cart", left=row.stock, **named)
    return gettext("%(title)s: sold out, and %(quantity)s in the cart", **named)


def _changed_total(total: int, expected: int, currency: str) -> Conflict:
    detail = gettext(
        "The total is %(total)s now, not %(expected)s: a price has changed. Agree to the new one, and order again.",
        total=money(total, currency),
        expected=money(expected, currency),
    )
    return Conflict(detail, errors=[FieldError(pointer="/body/expected_total_cents", detail=f"is {total} now")])


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
    lines: Sequence[SalesOrderLine] | Sequence[Row[Any]],
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
