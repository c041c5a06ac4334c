"""The cart's page, and the forms that change it."""

from flask import Blueprint, current_app, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from bookstore.cart import queries, service
from bookstore.cart.current import current_cart, remember_cart
from bookstore.catalogue.isbn import normalise
from bookstore.db import reading, unit_of_work
from bookstore.errors import BadRequest, Conflict, NotFound
from bookstore.i18n import gettext

pages = Blueprint("cart", __name__)


@pages.get("/cart")
def show() -> str:
    """The cart, with today's prices."""
    return _page()


def _page(problem: str | None = None) -> str:
    cart_id = current_cart()
    with reading() as session:
        rows = queries.lines(session, cart_id) if cart_id else []
    subtotal = sum(row.price_cents * row.quantity for row in rows)
    return render_template(
        "cart.html",
        lines=rows,
        subtotal=subtotal,
        currency=_currency(),
        most=service.MOST_COPIES,
        problem=problem,
        ready=bool(rows) and all(row.active and row.stock >= row.quantity for row in rows),
        takes_orders=current_app.config["SETTINGS"].takes_orders,
    )


@pages.post("/cart/lines")
def add() -> BaseResponse | tuple[str, int]:
    """Put a copy of a book into the cart, making one where the browser has none."""
    isbn13 = _isbn(request.form.get("isbn", ""))
    cart_id = current_cart()
    try:
        with unit_of_work() as session:
            if cart_id is None or not queries.exists(session, cart_id):
                cart_id = service.create_cart(session)
            service.add(session, cart_id, isbn13, _currency())
    except Conflict as problem:
        return _page(problem.detail), 409
    response = redirect("/cart", 303)
    remember_cart(response, cart_id)
    return response


@pages.post("/cart/lines/<isbn>")
def change(isbn: str) -> BaseResponse | tuple[str, int]:
    """Have so many copies of a book in the cart; none takes it out."""
    cart_id = current_cart()
    if cart_id is None:
        return redirect("/cart", 303)
    try:
        with unit_of_work() as session:
            service.set_quantity(
                session, cart_id, _isbn(isbn), _quantity(request.form.get("quantity", "")), _currency()
            )
    except NotFound:
        return _page(gettext("This cart has expired: put the books into a new one.")), 404
    except (Conflict, BadRequest) as problem:
        return _page(problem.detail), int(problem.status)
    return redirect("/cart", 303)


def _quantity(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= service.MOST_COPIES):
        raise BadRequest(gettext("Choose from 0 to %(most)s copies.", most=service.MOST_COPIES))
    return int(text)


def _isbn(text: str) -> str:
    try:
        return normalise(text)
    except ValueError:
        raise NotFound(gettext("This is not the number of a book: choose it on its page.")) from None


def _currency() -> str:
    return str(current_app.config["SETTINGS"].currency)
