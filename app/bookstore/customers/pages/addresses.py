"""/account/addresses."""

from typing import Any

from flask import Blueprint, current_app, redirect, render_template
from werkzeug.wrappers import Response as BaseResponse

from bookstore.customers import addresses
from bookstore.customers.current import require_customer
from bookstore.db import reading, unit_of_work
from bookstore.errors import Conflict
from bookstore.i18n import gettext
from bookstore.identity.forms import given, mistakes
from bookstore.orders import pricing
from bookstore.orders.schemas import Address

pages = Blueprint("customer_addresses", __name__, url_prefix="/account/addresses")
FIELDS = tuple(Address.model_fields)


@pages.get("")
def list_addresses() -> str:
    """All of them, and the way to a new one."""
    return _list()


@pages.get("/new")
def new() -> str:
    """An empty form."""
    return _form({"name": require_customer().name}, {})


@pages.post("")
def add() -> BaseResponse | tuple[str, int]:
    """Add what was typed."""
    customer, typed = require_customer(), given(*FIELDS)
    address, errors = _read(typed)
    if address is None:
        return _form(typed, errors), 422
    try:
        with unit_of_work() as session:
            addresses.add(session, customer.id, address)
    except Conflict as problem:
        return _list(problem.detail), 409
    return redirect("/account/addresses", 303)


@pages.get("/<int:address_id>")
def edit(address_id: int) -> str:
    """The form with the address."""
    with reading() as session:
        row = addresses.read(session, require_customer().id, address_id)
    return _form({name: getattr(row, name) or "" for name in FIELDS}, {}, address_id)


@pages.post("/<int:address_id>")
def change(address_id: int) -> BaseResponse | tuple[str, int]:
    """Write it anew."""
    customer, typed = require_customer(), given(*FIELDS)
    with reading() as session:
        addresses.read(session, customer.id, address_id)
    address, errors = _read(typed)
    if address is None:
        return _form(typed, errors, address_id), 422
    with unit_of_work() as session:
        addresses.change(session, customer.id, address_id, address)
    return redirect("/account/addresses", 303)


@pages.post("/<int:address_id>/prefer")
def prefer(address_id: int) -> BaseResponse:
    """Have this one fill in the checkout."""
    customer = require_customer()
    with unit_of_work() as session:
        addresses.prefer(session, customer.id, address_id)
    return redirect("/account/addresses", 303)


@pages.post("/<int:address_id>/remove")
def remove(address_id: int) -> BaseResponse:
    """Remove it."""
    customer = require_customer()
    with unit_of_work() as session:
        addresses.remove(session, customer.id, address_id)
    return redirect("/account/addresses", 303)


def _countries() -> list[tuple[str, str]]:
    return pricing.load(current_app.config["SETTINGS"].rates_file).countries()


def _read(typed: dict[str, str]) -> tuple[Address | None, dict[str, str]]:
    address, errors = mistakes(Address, typed)
    if address and address.country not in dict(_countries()):
        return None, {"country": gettext("We do not send to this country yet.")}
    return address, errors


def _list(problem: str | None = None) -> str:
    with reading() as session:
        rows = addresses.list_all(session, require_customer().id)
    return render_template("account/addresses.html", rows=rows, countries=dict(_countries()), problem=problem)


def _form(typed: dict[str, Any], errors: dict[str, str], address_id: int | None = None) -> str:
    return render_template(
        "account/address.html", given=typed, errors=errors, countries=_countries(), address_id=address_id
    )
