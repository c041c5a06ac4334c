"""/staff/orders: every order, what it needs next, and its packing slip."""

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from bookstore.db import reading
from bookstore.errors import Conflict, NotFound
from bookstore.identity.forms import given
from bookstore.orders import pricing, queries, steps
from bookstore.orders.schemas import TransitionIn
from bookstore.orders.states import LABELS, TRANSITIONS, State
from bookstore.payments import queries as payment_queries
from bookstore.staff import forms, guard
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
        counts = queries.counts(session)
        page = queries.orders(session, state, search, PER_PAGE, request.args.get("cursor"))
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
        order = queries.existing_order(session, number)
        lines = queries.lines(session, order.id)
    country = pricing.country_name(order.country)
    return render_template("staff/slip.html", order=order, lines=lines, country=country)


@pages.post("/<number>/transitions")
def change(number: str) -> BaseResponse | tuple[str, int]:
    """Take the order one step further."""
    typed = given("state", "before", "reason")
    if typed["state"] not in BUTTONS or typed["before"] not in set(State):
        raise NotFound("There is no such step.")
    to = State(typed["state"])
    member = guard.require(NEEDED.get(to, Role.CLERK))
    wanted, errors = forms.read(TransitionIn, typed, {})
    if wanted is None or (to in EXPLAINED and not wanted.reason):
        return _page(number, typed, errors or {"reason": MISSING}), 422
    try:
        steps.take(number, wanted, member.actor)
    except Conflict as problem:
        return _page(number, typed, problem=problem.detail), 409
    return redirect(f"/staff/orders/{number}", 303)


def _page(
    number: str, typed: dict[str, str] | None = None, errors: dict[str, str] | None = None, problem: str | None = None
) -> str:
    member = guard.require()
    with reading() as session:
        order = queries.existing_order(session, number)
        now = State(order.state)
        return render_template(
            "staff/order.html",
            order=order,
            country=pricing.country_name(order.country),
            lines=queries.lines(session, order.id),
            events=queries.events(session, order.id),
            payments=payment_queries.of_order(session, order.id),
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
