"""The invoice of an order: a page to print, for whoever has the order's link."""

from flask import Blueprint, current_app, render_template

from bookstore.db import reading
from bookstore.errors import NotFound
from bookstore.i18n import gettext
from bookstore.orders import links, pricing, queries
from bookstore.orders.states import State

pages = Blueprint("invoice", __name__)


@pages.get("/orders/<token>/invoice")
def show(token: str) -> str:
    """The invoice of an order that was paid."""
    with reading() as session:
        order = queries.order(session, links.number_of(token))
        lines = queries.lines(session, order.id) if order else []
    if order is None or order.invoice_number is None:
        raise NotFound(gettext("There is an invoice once an order is paid."))
    settings = current_app.config["SETTINGS"]
    return render_template(
        "invoice.html",
        seller=settings.shop_legal_name or settings.shop_name,
        seller_address=(settings.shop_address or "").replace(",", "\n"),
        order=order,
        country=pricing.country_name(order.country),
        lines=lines,
        refunded=order.state == State.REFUNDED,
        token=token,
    )
