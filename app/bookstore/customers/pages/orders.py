"""/account/orders: what the customer bought."""

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from bookstore.customers import queries
from bookstore.customers.current import require_customer
from bookstore.db import reading
from bookstore.errors import NotFound
from bookstore.i18n import gettext
from bookstore.orders import links
from bookstore.orders.states import LABELS

pages = Blueprint("customer_orders", __name__, url_prefix="/account/orders")


@pages.get("")
def list_orders() -> str:
    """The newest first."""
    with reading() as session:
        page = queries.orders(session, require_customer().id, request.args.get("cursor"))
    return render_template("account/orders.html", orders=page.rows, next_cursor=page.next_cursor, labels=LABELS)


@pages.get("/<number>")
def show(number: str) -> BaseResponse:
    """The page of an order, if it is this customer's."""
    with reading() as session:
        if not queries.has_order(session, require_customer().id, number):
            raise NotFound(gettext("You have no order with this number."))
    return redirect(f"/orders/{links.order_token(number)}", 303)
