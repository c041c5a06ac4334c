"""Signing up, logging in and out, and choosing another password by mail."""

from collections.abc import Callable

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from bookstore.customers import links, service
from bookstore.customers.current import current_customer
from bookstore.customers.schemas import EmailIn, NameIn
from bookstore.db import unit_of_work
from bookstore.errors import TooManyRequests
from bookstore.i18n import current, gettext, gettext_noop
from bookstore.identity import sessions
from bookstore.identity.forms import given, local_path, mistakes
from bookstore.identity.pages import logged_in, reason_against
from bookstore.identity.sessions import Kind

pages = Blueprint("customer_entrance", __name__, url_prefix="/account")
WRONG = gettext_noop("The e-mail address or the password is wrong.")


@pages.get("/login")
def login_form() -> str | BaseResponse:
    """The form for address and password."""
    if current_customer():
        return redirect(_next(), 303)
    return render_template("account/login.html", given={}, next=_next(), problem=None)


@pages.post("/login")
def log_in() -> BaseResponse | tuple[str, int]:
    """Check address and password."""
    typed = given("email", "password")
    try:
        token = service.log_in(typed["email"], typed["password"], current())
        problem, status = gettext(WRONG), 401
    except TooManyRequests as error:
        token, problem, status = None, error.detail, 429
    if token is None:
        return render_template("account/login.html", given=typed, next=_next(), problem=problem), status
    return logged_in(Kind.CUSTOMER, token, _next())


@pages.post("/logout")
def log_out() -> BaseResponse:
    """End the session of this browser."""
    with unit_of_work() as session:
        sessions.end_current(session, Kind.CUSTOMER)
    response = redirect("/", 303, Response)
    sessions.forget(response, Kind.CUSTOMER)
    return response


@pages.get("/sign-up")
def sign_up_form() -> str:
    """The form for the address."""
    return render_template("account/sign_up.html", given={}, errors={})


@pages.post("/sign-up")
def sign_up() -> str | tuple[str, int]:
    """Mail a link to the address; the answer is the same for one that has an account."""
    return _mail(service.mail_sign_up, "account/sign_up.html")


@pages.get("/confirm/<token>")
def confirm_form(token: str) -> str:
    """The form for name and password, for one who can read the address's mail."""
    return render_template("account/confirm.html", email=links.confirmed(token), given={}, errors={})


@pages.post("/confirm/<token>")
def confirm(token: str) -> BaseResponse | tuple[str, int]:
    """Make the account, and log in."""
    service.count()
    email, typed = links.confirmed(token), given("name")
    password = request.form.get("password", "")
    wanted, errors = mistakes(NameIn, typed)
    if reason := reason_against(password, email, typed["name"]):
        errors["password"] = reason
    if wanted is None or errors:
        return render_template("account/confirm.html", email=email, given=typed, errors=errors), 422
    session_token = service.sign_up(email, wanted.name, password, current())
    if session_token is None:
        problem = gettext("This address has an account already: log in.")
        return render_template("account/login.html", given={"email": email}, next="/account", problem=problem), 409
    return logged_in(Kind.CUSTOMER, session_token, "/account")


@pages.get("/forgotten")
def forgotten_form() -> str:
    """The form for the address."""
    return render_template("account/forgotten.html", given={}, errors={})


@pages.post("/forgotten")
def forgotten() -> str | tuple[str, int]:
    """Mail a link to the address; the answer is the same for one that has no account."""
    return _mail(service.mail_reset, "account/forgotten.html")


@pages.get("/reset/<token>")
def reset_form(token: str) -> str:
    """The form for another password."""
    return render_template("account/reset.html", customer=service.resetting(token), given={}, errors={})


@pages.post("/reset/<token>")
def reset(token: str) -> BaseResponse | tuple[str, int]:
    """Set the password, end all sessions, and log in."""
    service.count()
    customer, password = service.resetting(token), request.form.get("password", "")
    if reason := reason_against(password, customer.email, customer.name):
        return render_template("account/reset.html", customer=customer, given={}, errors={"password": reason}), 422
    return logged_in(Kind.CUSTOMER, service.set_password(customer, password), "/account")


def _mail(mail: Callable[[str], None], form: str) -> str | tuple[str, int]:
    """Mail a link to the address that was typed into a form."""
    typed = given("email")
    wanted, errors = mistakes(EmailIn, typed)
    if wanted is None:
        return render_template(form, given=typed, errors=errors), 422
    mail(wanted.email)
    return render_template("account/mailed.html", email=wanted.email)


def _next() -> str:
    return local_path(request.values.get("next", ""), "/account")
