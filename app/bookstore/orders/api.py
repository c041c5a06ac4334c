"""/api/v1/orders."""

from collections.abc import Sequence
from typing import Any

from flask import current_app, g, url_for
from sqlalchemy.orm import Session

from bookstore.cart import queries as carts
from bookstore.cart.service import NO_SUCH_CART
from bookstore.db import ReadSession, reading
from bookstore.errors import Conflict, Forbidden, NotFound, TooManyRequests, Unauthorized
from bookstore.i18n.language import ENGLISH
from bookstore.orders import idempotency, limits, links, placing, queries, steps
from bookstore.orders.schemas import (
    Address,
    HistoryEvent,
    OrderAccess,
    OrderEventOut,
    OrderHistory,
    OrderIn,
    OrderLineOut,
    OrderList,
    OrderListed,
    OrderListQuery,
    OrderOut,
    OrderPath,
    PaymentOut,
    QuoteIn,
    QuoteOut,
    TransitionIn,
)
from bookstore.payments import service as payments
from bookstore.web import Api, Reply, authorize, next_page

api = Api("orders_api", __name__, url_prefix="/api/v1")
SCOPE = "orders"


@api.operation("POST", "/quotes", answer=QuoteOut, errors=[NotFound])
def quote(session: Session, body: QuoteIn) -> Reply:
    """Say what a cart costs when sent to a country, with today's prices."""
    if not carts.exists(session, body.cart_id):
        raise NotFound(NO_SUCH_CART)
    totals = placing.price(carts.lines(session, body.cart_id), body.country)
    currency = current_app.config["SETTINGS"].currency
    return Reply(QuoteOut(currency=currency, **vars(totals)))


@api.operation("POST", "/orders", answer=OrderOut, status=201, errors=[NotFound, Conflict, TooManyRequests])
def create_order(session: Session, body: OrderIn, idempotency_key: str) -> Reply:
    """Order all that a cart holds.

    The books are kept for the buyer until `reserved_until`; the payment is started at `/orders/{number}/payment`.
    Repeating a request with its Idempotency-Key repeats the first answer, for three days.
    """
    answer = idempotency.earlier_answer(session, idempotency_key, body.model_dump_json().encode())
    if answer is None:
        placed = placing.place(session, body)
        answer = _shown(placed.order, placed.lines, [placed.event]).model_dump_json().encode()
        idempotency.keep_answer(session, idempotency_key, answer)
        limits.count(session)
    made = OrderOut.model_validate_json(answer)
    where = url_for("orders_api.read_order", number=made.number, token=made.token)
    return Reply(answer, 201, {"Location": where})


@api.operation("GET", "/orders", answer=OrderList, scope=SCOPE)
def list_orders(session: ReadSession, query: OrderListQuery) -> Reply:
    """List orders, the newest first, or find those of a number or an e-mail address."""
    page = queries.orders(session, query.state, query.find or "", query.limit, query.cursor)
    items = [OrderListed.model_validate(row, from_attributes=True) for row in page.rows]
    return Reply(OrderList(items=items, next=next_page(page.next_cursor)))


@api.operation("GET", "/orders/<number>", answer=OrderOut, errors=[NotFound, Unauthorized, Forbidden])
def read_order(session: ReadSession, path: OrderPath, query: OrderAccess) -> Reply:
    """Read an order: with its token, or with a bearer token that has the scope `orders`."""
    _let_in(path, query)
    return Reply(_order(session, path.number))


@api.operation("GET", "/orders/<number>/history", answer=OrderHistory, scope=SCOPE, errors=[NotFound])
def read_order_history(session: ReadSession, path: OrderPath) -> OrderHistory:
    """Read who took each step of an order, when and why."""
    row = queries.existing_order(session, path.number)
    return OrderHistory(
        items=[
            HistoryEvent(state=event.state, at=event.created_at, reason=event.reason, actor=event.actor)
            for event in queries.events(session, row.id)
        ]
    )


@api.operation(
    "POST", "/orders/<number>/payment", answer=PaymentOut, errors=[NotFound, Conflict, Unauthorized, Forbidden]
)
def start_payment(path: OrderPath, query: OrderAccess) -> Reply:
    """Start paying for an order, or go on with it: the buyer pays at `checkout_url`, and comes back afterwards."""
    _let_in(path, query)
    return_url = links.address(path.number, ENGLISH)
    return Reply(PaymentOut(checkout_url=payments.start(path.number, return_url)))


@api.operation("POST", "/orders/<number>/transitions", answer=OrderOut, scope=SCOPE, errors=[NotFound, Conflict])
def change_order(path: OrderPath, body: TransitionIn) -> Reply:
    """Take an order one step further; `refunded` gives the money back, too."""
    steps.take(path.number, body, g.actor)
    with reading() as session:
        return Reply(_order(session, path.number))


def _let_in(path: OrderPath, query: OrderAccess) -> None:
    if query.token is None:
        authorize(SCOPE)
    elif links.number_of(query.token) != path.number:
        raise NotFound(queries.NO_SUCH_ORDER)


def _order(session: ReadSession | Session, number: str) -> OrderOut:
    row = queries.existing_order(session, number)
    return _shown(row, queries.lines(session, row.id), queries.events(session, row.id), row.invoice_number)


def _shown(row: Any, lines: Sequence[Any], events: Sequence[Any], invoice_number: int | None = None) -> OrderOut:
    return OrderOut(
        number=row.number,
        state=row.state,
        currency=row.currency,
        total_cents=row.total_cents,
        created_at=row.created_at,
        email=row.email,
        address=Address.model_construct(**{name: getattr(row, name) for name in Address.model_fields}),
        gift_note=row.gift_note,
        subtotal_cents=row.subtotal_cents,
        shipping_cents=row.shipping_cents,
        tax_cents=row.tax_cents,
        invoice_number=invoice_number,
        reserved_until=row.reserved_until,
        lines=[OrderLineOut.model_validate(line, from_attributes=True) for line in lines],
        history=[OrderEventOut(state=event.state, at=event.created_at, reason=event.reason) for event in events],
        token=links.order_token(row.number),
    )
