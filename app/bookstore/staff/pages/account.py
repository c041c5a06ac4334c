"""/staff/account: a member's own password, recovery codes and sessions."""

from functools import partial

from flask import Blueprint, redirect, render_template
from werkzeug.wrappers import Response as BaseResponse

from bookstore import audit
from bookstore.db import reading, unit_of_work
from bookstore.identity import pages as identity
from bookstore.identity import sessions
from bookstore.identity.sessions import Kind
from bookstore.staff import guard
from bookstore.staff import log_in as service

pages = Blueprint("staff_account", __name__, url_prefix="/staff/account")


@pages.get("")
def show() -> str:
    """Where the member is logged in, and what can be changed."""
    return _page({})


@pages.post("/password")
def change_password() -> BaseResponse | tuple[str, int]:
    """Set another password; every other session ends, and this one goes on with a new token."""
    member = guard.require()
    personal, change = (member.username, member.email), partial(service.change_password, member.id)
    return identity.change_password(Kind.STAFF, personal, change, _page, "/staff/account")


@pages.post("/recovery-codes")
def new_recovery_codes() -> str:
    """New recovery codes instead of all earlier ones."""
    member = guard.require()
    with unit_of_work() as session:
        codes = service.new_recovery_codes(session, member.id)
        audit.record(session, "staff.new_recovery_codes", member.actor)
    return render_template("staff/recovery_codes.html", codes=codes, next="/staff/account")


@pages.post("/sessions")
def end_other_sessions() -> BaseResponse:
    """Log out everywhere else."""
    member = guard.require()
    with unit_of_work() as session:
        ended = sessions.end_all(session, Kind.STAFF, member.id, except_for=member.session)
        audit.record(session, "staff.end_sessions", member.actor, ended=ended)
    return redirect("/staff/account", 303)


def _page(errors: dict[str, str]) -> str:
    member = guard.require()
    with reading() as session:
        logged_in = sessions.list_all(session, Kind.STAFF, member.id)
    return render_template("staff/account.html", member=member, sessions=logged_in, given={}, errors=errors)
