"""/account: the overview, another password, and where the customer is logged in."""

from flask import Blueprint, current_app, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from bookstore.customers import service
from bookstore.customers.current import require_customer
from bookstore.customers.pages.entrance import logged_in
from bookstore.db import reading, unit_of_work
from bookstore.errors import TooManyRequests
from bookstore.identity import passwords, sessions
from bookstore.identity.sessions import Kind

pages = Blueprint("customer_home", __name__, url_prefix="/account")
NOT_YOURS = "This is not your present password."


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
    new = request.form.get("new_password", "")
    shop = current_app.config["SETTINGS"].shop_name
    if reason := passwords.reason_against(new, customer.email, customer.name, shop):
        return _security({"new_password": reason}), 422
    try:
        checked = service.checked(customer.id, request.form.get("password", ""))
    except TooManyRequests as error:
        return _security({"password": error.detail}), 429
    if checked is None:
        return _security({"password": NOT_YOURS}), 422
    return logged_in(service.set_password(checked, new), "/account/security")


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
