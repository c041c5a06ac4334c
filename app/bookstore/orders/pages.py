"""Checking out, and the buyer's page of an order."""

import secrets
from collections.abc import Mapping

from flask import Blueprint, current_app, redirect, render_template, request
from pydantic import ValidationError
from werkzeug.wrappers import Response as BaseResponse

from bookstore.cart import queries as carts
from bookstore.cart import service as cart_service
from bookstore.cart.current import current_cart
from bookstore.customers import addresses
from bookstore.customers.current import current_customer
from bookstore.db import reading, unit_of_work
from bookstore.errors import BadRequest, Conflict, InvalidInput, NotFound, ServiceUnavailable, TooManyRequests
from bookstore.i18n import current, gettext, gettext_noop
from bookstore.identity.forms import sentence
from bookstore.orders import idempotency, limits, links, placing, pricing, queries, service
from bookstore.orders.schemas import Address, OrderIn
from bookstore.orders.states import LABELS, State
from bookstore.payments import service as payments
from bookstore.web import IDEMPOTENCY_KEY

pages = Blueprint("orders", __name__)
ADDRESS = tuple(Address.model_fields)
TOO_LATE = gettext_noop("It is too late to call this order off: write to us, please.")
CALLED_OFF = gettext_noop("The buyer called it off.")


@pages.get("/checkout")
def checkout() -> str | BaseResponse:
    """The form for the address."""
    return _form(_prefilled(), {}) if _may_order() else redirect("/cart", 303)


@pages.post("/checkout")
def review() -> tuple[str, int] | str | BaseResponse:
    """What will be ordered, and what it costs: nothing is bought yet."""
    given = _given()
    if not _may_order():
        return redirect("/cart", 303)
    if "edit" in request.form:
        return _form(given, {})
    try:
        wanted = _order_in(given, expected_total_cents=0)
        return _review(wanted)
    except InvalidInput as problem:
        return _form(given, {error.pointer.rpartition("/")[2]: error.detail for error in problem.errors}), 422


@pages.post("/orders")
def place() -> tuple[str, int] | BaseResponse:
    """Order, and go on to the payment. Sent twice, as by a double click, it is one order."""
    given = _given()
    found = IDEMPOTENCY_KEY.fullmatch(given["key"])
    if found is None:
        raise BadRequest(gettext("This form is incomplete: go back to the cart, and check out again."))
    try:
        wanted = _order_in(given, expected_total_cents=_total(given["expected_total_cents"]))
    except InvalidInput as problem:
        return _form(given, {error.pointer.rpartition("/")[2]: error.detail for error in problem.errors}), 422
    customer = current_customer()
    try:
        with unit_of_work() as session:
            answer = idempotency.earlier_answer(session, f"page:{found['key']}", wanted.model_dump_json().encode())
            if answer is None:
                placed = placing.place(session, wanted, customer.id if customer else None, current())
                answer = placed.order.number.encode()
                idempotency.keep_answer(session, f"page:{found['key']}", answer)
                limits.count(session)
    except (Conflict, TooManyRequests) as problem:
        return _review(wanted, key=given["key"], problem=problem.detail), int(problem.status)
    return _to_payment(answer.decode())


@pages.get("/orders/<token>")
def show(token: str) -> str:
    """An order, for whoever has its link."""
    return _order_page(token)


@pages.post("/orders/<token>/payment")
def pay(token: str) -> BaseResponse | tuple[str, int]:
    """Go to where the order is paid."""
    return _to_payment(links.number_of(token))


@pages.post("/orders/<token>/cancel")
def cancel(token: str) -> BaseResponse | tuple[str, int]:
    """Call the order off, as long as it is not packed; what was paid is paid back."""
    number = links.number_of(token)
    try:
        with reading() as session:
            row = queries.existing_order(session, number)
        if row.state == State.PAID:
            payments.refund(number, "customer", CALLED_OFF)
        elif row.state == State.PENDING_PAYMENT:
            with unit_of_work() as session:
                order = service.locked_order(session, number)
                service.change_state(session, order, State.CANCELLED, actor="customer", reason=CALLED_OFF)
        else:
            raise Conflict(TOO_LATE)
    except Conflict:
        # Also where staff was faster by a moment.
        return _order_page(token, gettext(TOO_LATE)), 409
    return redirect(f"/orders/{token}", 303)


def _to_payment(number: str) -> BaseResponse | tuple[str, int]:
    token = links.order_token(number)
    try:
        # Back to where the buyer came from, which may be another of the shop's names than that in e-mails.
        url = payments.start(number, f"{request.root_url}orders/{token}")
    except Conflict:
        # Paid or called off meanwhile: its page says so.
        return redirect(f"/orders/{token}", 303)
    except ServiceUnavailable as problem:
        return _order_page(token, problem.detail), 503
    return redirect(url, 303)


def _order_page(token: str, problem: str | None = None) -> str:
    number = links.number_of(token)
    payments.refresh(number)
    with reading() as session:
        row = queries.existing_order(session, number)
        lines, events = queries.lines(session, row.id), queries.events(session, row.id)
    return render_template(
        "order.html",
        order=row,
        country=pricing.country_name(row.country),
        lines=lines,
        events=events,
        token=token,
        problem=problem,
        labels=LABELS,
        State=State,
        can_pay=current_app.config["SETTINGS"].takes_orders,
    )


def _may_order() -> bool:
    """Whether there is something in the cart, and a way to pay; the cart's page says which is missing."""
    cart_id = current_cart()
    if cart_id is None or not current_app.config["SETTINGS"].takes_orders:
        return False
    with reading() as session:
        return bool(carts.lines(session, cart_id))


def _given() -> dict[str, str]:
    return {
        name: request.form.get(name, "") for name in ("email", *ADDRESS, "gift_note", "expected_total_cents", "key")
    }


def _prefilled() -> dict[str, str]:
    countries = _rates().countries()
    given = {"country": countries[0][0]} if len(countries) == 1 else {}
    customer = current_customer()
    if customer is None:
        return given
    with reading() as session:
        address = addresses.preferred(session, customer.id)
    known = {name: getattr(address, name) or "" for name in ADDRESS} if address else {"name": customer.name}
    return given | {"email": customer.email} | known


def _total(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        raise BadRequest(gettext("This form is incomplete: go back to the cart, and check out again."))
    return int(text)


def _order_in(given: Mapping[str, str], expected_total_cents: int) -> OrderIn:
    cart_id = current_cart()
    if cart_id is None:
        raise NotFound(gettext(cart_service.NO_SUCH_CART))
    address = {
        name: given[name].strip() or None for name in ADDRESS if given[name].strip() or name in ("street2", "region")
    }
    filled = {
        "cart_id": cart_id,
        "email": given["email"],
        "address": {"name": "", "street": "", "city": "", "postal_code": "", "country": "", **address},
        "gift_note": given["gift_note"].strip() or None,
        "expected_total_cents": expected_total_cents,
    }
    try:
        return OrderIn.model_validate(filled)
    except ValidationError as error:
        problem = InvalidInput.from_validation(error, "body")
        kinds = {str(item["loc"][-1]): item["type"] for item in error.errors(include_url=False, include_input=False)}
        for one in problem.errors:
            field = one.pointer.rpartition("/")[2]
            one.detail = sentence(field, kinds[field], one.detail)
        raise problem from None


def _form(given: Mapping[str, str], errors: Mapping[str, str]) -> str:
    return render_template("checkout.html", given=given, errors=errors, countries=_rates().countries())


def _review(wanted: OrderIn, *, key: str | None = None, problem: str | None = None) -> str:
    with unit_of_work() as session:
        cart_service.accept_prices(session, wanted.cart_id)
    with reading() as session:
        rows = carts.lines(session, wanted.cart_id)
    totals = placing.price(rows, wanted.address.country)
    return render_template(
        "review.html",
        wanted=wanted,
        lines=rows,
        totals=totals,
        currency=current_app.config["SETTINGS"].currency,
        country=pricing.country_name(wanted.address.country),
        key=key or secrets.token_urlsafe(),
        problem=problem,
    )


def _rates() -> pricing.Rates:
    return pricing.load(current_app.config["SETTINGS"].rates_file)
