"""/staff/login: a password, then a code; and logging out."""

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, make_response, redirect, render_template, request
from sqlalchemy import Row
from werkzeug.wrappers import Response as BaseResponse

from bookstore import audit
from bookstore.db import unit_of_work
from bookstore.errors import TooManyRequests
from bookstore.identity import sessions, totp
from bookstore.identity.forms import given, local_path
from bookstore.identity.pages import logged_in
from bookstore.identity.sessions import Kind
from bookstore.staff import guard
from bookstore.staff import log_in as service

pages = Blueprint("staff_login", __name__, url_prefix="/staff")
WRONG = "The name or the password is wrong, or the account is not active."
WRONG_CODE = "This code is wrong, or was used before. Wait for the next one."


@pages.get("/login")
def form() -> str | BaseResponse:
    """The form for name and password."""
    if guard.current_staff():
        return redirect(_next(), 303)
    return render_template("staff/login.html", given={}, next=_next(), problem=None)


@pages.post("/login")
def log_in() -> BaseResponse | tuple[str, int]:
    """Check name and password."""
    try:
        token = service.check_password(request.form.get("name", ""), request.form.get("password", ""))
        problem, status = WRONG, 401
    except TooManyRequests as error:
        token, problem, status = None, error.detail, 429
    if token is None:
        page = render_template("staff/login.html", given=given("name"), next=_next(), problem=problem)
        return page, status
    return go_on_to_code(token, _next())


def go_on_to_code(token: str, next_path: str = "/staff") -> BaseResponse:
    """After the password: the second factor."""
    return logged_in(Kind.STAFF_PASSWORD, token, f"/staff/login/code?{urlencode({'next': next_path})}")


@pages.get("/login/code")
def code() -> str | BaseResponse:
    """The form for the code; at the first log-in with what an authenticator needs."""
    member = service.awaiting_code()
    return redirect("/staff/login", 303) if member is None else _code_page(member, None)


@pages.post("/login/code")
def check_code() -> BaseResponse | str | tuple[str, int]:
    """Check the code."""
    member = service.awaiting_code()
    if member is None:
        return redirect("/staff/login", 303)
    try:
        done = service.check_code(member, request.form.get("code", ""))
        problem, status = WRONG_CODE, 401
    except TooManyRequests as error:
        done, problem, status = None, error.detail, 429
    if done is None:
        return _code_page(member, problem), status
    token, recovery_codes = done
    response = (
        make_response(render_template("staff/recovery_codes.html", codes=recovery_codes, next=_next()))
        if recovery_codes
        else redirect(_next(), 303, Response)
    )
    sessions.forget(response, Kind.STAFF_PASSWORD)
    sessions.remember(response, Kind.STAFF, token)
    return response


@pages.post("/logout")
def log_out() -> BaseResponse:
    """End the session of this browser."""
    member = guard.require()
    with unit_of_work() as session:
        audit.record(session, "staff.log_out", member.actor)
        sessions.end_current(session, Kind.STAFF)
    response = redirect("/staff/login", 303, Response)
    sessions.forget(response, Kind.STAFF)
    return response


def _code_page(member: Row[Any], problem: str | None) -> str:
    secret = picture = None
    if member.totp_step is None and member.totp_seed:
        secret, picture = totp.typed_secret(member.totp_seed), totp.qr_code(member.totp_seed, member.username)
    return render_template("staff/code.html", next=_next(), problem=problem, secret=secret, picture=picture)


def _next() -> str:
    return local_path(request.values.get("next", ""), "/staff")
