"""/account: the overview, another password, and where the customer is logged in."""

from functools import partial

from flask import Blueprint, redirect, render_template
from werkzeug.wrappers import Response as BaseResponse

from bookstore.customers import service
from bookstore.customers.current import require_customer
from bookstore.db import reading, unit_of_work
from bookstore.identity import pages as identity
from bookstore.identity import sessions
from bookstore.identity.sessions import Kind

pages = Blueprint("customer_home", __name__, url_prefix="/account")


@pages.get("")
def home() -> str:
    """Where to go from here."""
    return render_template("account/home.html", customer=require_customer())


@pages.get("/security")
def security() -> str:
    """The password and the sessions."""
    return _security({})


@pages.post("/password")
def change_password() -> BaseResponse | tuple[str, int]:
    """Set another password; every other session ends, and this one goes on with a new token."""
    customer = require_customer()
    personal, change = (customer.email, customer.name), partial(service.change_password, customer.id)
    return identity.change_password(Kind.CUSTOMER, personal, change, _security, "/account/security")


@pages.post("/sessions")
def end_other_sessions() -> BaseResponse:
    """Log out everywhere else."""
    customer = require_customer()
    with unit_of_work() as session:
        sessions.end_all(session, Kind.CUSTOMER, customer.id, except_for=customer.session)
    return redirect("/account/security", 303)


def _security(errors: dict[str, str]) -> str:
    customer = require_customer()
    with reading() as session:
        here = sessions.list_all(session, Kind.CUSTOMER, customer.id)
    return render_template("account/security.html", customer=customer, sessions=here, given={}, errors=errors)
