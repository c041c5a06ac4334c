"""/staff/orders: every order, what it needs next, and its packing slip."""

from typing import Any

from flask import Blueprint, redirect, render_template, request
from sqlalchemy import Row
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from bookstore.db import ReadSession, reading, unit_of_work
from bookstore.errors import Conflict, NotFound
from bookstore.identity.forms import given
from bookstore.orders import pricing, queries, service
from bookstore.orders.models import SalesOrder
from bookstore.orders.schemas import TransitionIn
from bookstore.orders.states import LABELS, TRANSITIONS, State
from bookstore.payments import service as payments
from bookstore.staff import audit, forms, guard, order_queries
from bookstore.staff.roles import Role

pages = Blueprint("staff_orders", __name__, url_prefix="/staff/orders")
PER_PAGE = 50
BUTTONS = {
    State.PAID: "Mark as paid",
    State.PACKED: "Mark as packed",
    State.SHIPPED: "Mark as shipped",
    State.DELIVERED: "Mark as delivered",
    State.CANCELLED: "Cancel the order",
    State.REFUNDED: "Refund the order",
}
# Money that is said to have come, or is given back, needs a manager.
NEEDED = {State.PAID: Role.MANAGER, State.REFUNDED: Role.MANAGER}
EXPLAINED = frozenset({State.PAID, State.CANCELLED, State.REFUNDED})
MISSING = "Write why: the history keeps it."


@pages.get("")
def board() -> str:
    """The orders, by state, number or e-mail address."""
    asked = request.args.get("state", "")
    state = State(asked) if asked in set(State) else None
    search = request.args.get("find", "").strip()[:254]
    with reading() as session:
        counts = order_queries.counts(session)
        page = order_queries.orders(session, state, search, PER_PAGE, request.args.get("cursor"))
    following = forms.address("/staff/orders", state=state, find=search, cursor=page.next_cursor)
    return render_template(
        "staff/orders.html",
        orders=page.rows,
        counts=counts,
        state=state,
        given={"find": search},
        labels=LABELS,
        next_url=following if page.next_cursor else None,
    )


@pages.get("/<number>")
def show(number: str) -> str:
    """One order."""
    return _page(number)


@pages.get("/<number>/slip")
def slip(number: str) -> str:
    """What goes into the parcel, to print."""
    with reading() as session:
        order = _order(session, number)
        lines = queries.lines(session, order.id)
    country = pricing.country_name(order.country)
    return render_template("staff/slip.html", order=order, lines=lines, country=country)


@pages.post("/<number>/transitions")
def change(number: str) -> BaseResponse | tuple[str, int]:
    """Take the order one step further."""
    typed = given("state", "before", "reason")
    if typed["state"] not in BUTTONS:
        raise NotFound("There is no such step.")
    to = State(typed["state"])
    member = guard.require(NEEDED.get(to, Role.CLERK))
    wanted, errors = forms.read(TransitionIn, {"state": to, "reason": typed["reason"]}, {})
    if wanted is None or (to in EXPLAINED and not wanted.reason):
        return _page(number, typed, errors or {"reason": MISSING}), 422
    try:
        with unit_of_work() as session:
            order = service.locked_order(session, number)
            _refuse_if_changed(order, typed["before"], to)
            audit.record(session, f"order.{to}", f"order:{number}", before=order.state, reason=wanted.reason)
            # The provider is asked outside of any transaction: that is payments' own affair.
            if to is not State.REFUNDED:
                service.change_state(session, order, to, actor=member.actor, reason=wanted.reason)
        if to is State.REFUNDED:
            payments.refund(number, member.actor, wanted.reason)
    except Conflict as problem:
        return _page(number, typed, problem=problem.detail), 409
    return redirect(f"/staff/orders/{number}", 303)


def _refuse_if_changed(order: SalesOrder, before: str, to: State) -> None:
    now = State(order.state)
    if before != now:
        raise Conflict(f"Somebody else was faster: this order is {LABELS[now].lower()} now. Nothing was changed.")
    if to not in TRANSITIONS[now]:
        raise Conflict(f"An order that is {LABELS[now].lower()} cannot become {LABELS[to].lower()}.")


def _page(
    number: str, typed: dict[str, str] | None = None, errors: dict[str, str] | None = None, problem: str | None = None
) -> str:
    member = guard.require()
    with reading() as session:
        order = _order(session, number)
        now = State(order.state)
        return render_template(
            "staff/order.html",
            order=order,
            country=pricing.country_name(order.country),
            lines=queries.lines(session, order.id),
            events=queries.events(session, order.id),
            payments=order_queries.payments(session, order.id),
            # In the order of an order's life.
            steps=[state for state in State if state in TRANSITIONS[now]],
            allowed=[state for state in State if member.may(NEEDED.get(state, Role.CLERK))],
            buttons=BUTTONS,
            explained=EXPLAINED,
            labels=LABELS,
            given=typed or {},
            errors=errors or {},
            problem=problem,
        )


def _order(session: ReadSession | Session, number: str) -> Row[Any]:
    row = queries.order(session, number)
    if row is None:
        raise NotFound(service.NO_SUCH_ORDER)
    return row
