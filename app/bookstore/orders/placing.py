"""Ordering what a cart holds, in as few statements as that takes: while they run, others wait for the same books.

They are made once, since making one takes longer than running it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import current_app
from sqlalchemy import Interval, Row, bindparam, delete, func, insert, literal, select, true
from sqlalchemy.orm import Session

from bookstore.cart import queries as carts
from bookstore.cart import service as cart_service
from bookstore.cart.models import CartLine
from bookstore.catalogue.models import Book
from bookstore.config import Settings
from bookstore.db import after_commit
from bookstore.errors import Conflict, FieldError, InvalidInput
from bookstore.formats import money
from bookstore.i18n import gettext, gettext_noop
from bookstore.i18n.language import ENGLISH
from bookstore.orders import metrics, pricing
from bookstore.orders.models import SalesOrder, SalesOrderEvent, SalesOrderLine
from bookstore.orders.numbers import new_number
from bookstore.orders.schemas import Address, OrderIn
from bookstore.orders.service import announce
from bookstore.orders.states import State
from bookstore.stock import service as stock

NO_ORDERS = gettext_noop("This shop cannot take orders now: there is no way to pay yet. Please come back later.")
GIVEN = (
    "number", "state", "customer_id", "email", "language", *Address.model_fields, "gift_note", "currency",
    "subtotal_cents", "shipping_cents", "tax_cents", "total_cents",
)  # fmt: skip
_kept_until = func.now() + bindparam("kept_for", type_=Interval)
_order = (
    insert(SalesOrder)
    .values({name: bindparam(name) for name in GIVEN} | {"reserved_until": _kept_until})
    .returning(SalesOrder.id, SalesOrder.created_at, SalesOrder.reserved_until)
    .cte("placed")
)
_chosen = (
    delete(CartLine)
    .where(CartLine.cart_id == bindparam("cart_id"))
    .returning(CartLine.book_id, CartLine.quantity)
    .cte("chosen")
)
_lines = insert(SalesOrderLine).from_select(
    ["order_id", "book_id", "isbn13", "title", "quantity", "price_cents"],
    select(_order.c.id, Book.id, Book.isbn13, Book.title, _chosen.c.quantity, Book.price_cents)
    .join(_chosen, _chosen.c.book_id == Book.id)
    .join(_order, true()),
)
_event = insert(SalesOrderEvent).from_select(
    ["order_id", "state", "actor"],
    select(_order.c.id, literal(State.PENDING_PAYMENT.value), literal("customer")),
)
# The order, its lines, which leave the cart for it, and the first step of its history.
PLACE = select(_order).add_cte(_lines.cte("lines"), _event.cte("event"))


@dataclass(frozen=True)
class Placed:
    """A new order as it was written, its lines, and its first step: nothing of it needs to be read again."""

    order: SalesOrder
    lines: Sequence[Row[Any]]
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
    settings = _settings()
    if not settings.takes_orders:
        raise Conflict(gettext(NO_ORDERS))
    cart_service.lock(session, wanted.cart_id)
    rows = carts.locked_lines(session, wanted.cart_id)
    if not rows:
        raise Conflict(gettext("The cart is empty: put a book into it first."))
    number = new_number()
    short = stock.take(session, {row.id: row.quantity for row in rows}, number)
    totals = _agreed_totals(rows, short, wanted)
    values = {
        "number": number,
        "state": State.PENDING_PAYMENT,
        "customer_id": customer_id,
        "email": wanted.email,
        "language": language,
        **vars(wanted.address),
        "gift_note": wanted.gift_note or None,
        "currency": settings.currency,
        "subtotal_cents": totals.subtotal_cents,
        "shipping_cents": totals.shipping_cents,
        "tax_cents": totals.tax_cents,
        "total_cents": totals.total_cents,
    }
    kept = {"cart_id": wanted.cart_id, "kept_for": timedelta(minutes=settings.reservation_minutes)}
    written = session.connection().execute(PLACE, values | kept).mappings().one()
    order = SalesOrder(**values, **written)
    announce(session, order, rows)
    after_commit(session, metrics.PLACED.inc)
    return Placed(order, rows, SalesOrderEvent(state=order.state, created_at=order.created_at))


def _agreed_totals(rows: Sequence[Row[Any]], short: Sequence[int], wanted: OrderIn) -> pricing.Totals:
    """What locked lines cost; raises Conflict unless all can be had, for what the buyer agreed to."""
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
    return totals


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
