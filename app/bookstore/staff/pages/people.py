"""/staff/people: who works here, for admins."""

from collections.abc import Callable

from flask import Blueprint, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from bookstore.db import reading, unit_of_work
from bookstore.errors import Conflict
from bookstore.identity.forms import given, mistakes
from bookstore.staff import guard, service
from bookstore.staff.roles import Role
from bookstore.staff.schemas import MemberIn

pages = Blueprint("staff_people", __name__, url_prefix="/staff/people")


def _change_role(session: Session, username: str) -> None:
    wanted = request.form.get("role", "")
    if wanted not in set(Role):
        raise Conflict("Choose one of the roles.")
    service.change(session, username, role=Role(wanted))


# What the buttons of a member's page do; one that makes a link gives it.
ACTIONS: dict[str, Callable[[Session, str], str | None]] = {
    "role": _change_role,
    "activate": lambda session, username: service.change(session, username, active=True),
    "deactivate": lambda session, username: service.change(session, username, active=False),
    "enrolment": service.reset,
    "second-factor": service.reset_second_factor,
    "log-out": service.end_sessions,
    "unlock": service.unlock,
}


@pages.before_request
def only_admins() -> None:
    """Whoever may add an admin is one."""
    guard.require(Role.ADMIN)


@pages.get("")
def list_people() -> str:
    """Everyone, and the form for a new member."""
    return _list({}, {})


@pages.post("")
def add() -> tuple[str, int] | str:
    """Add a member, and show the link to enrol, this once."""
    typed = given("username", "email", "role")
    wanted, errors = mistakes(MemberIn, typed)
    if wanted is None:
        return _list(typed, errors), 422
    try:
        with unit_of_work() as session:
            link = service.add(session, wanted.username, wanted.email, wanted.role)
    except Conflict as problem:
        return _list(typed, {"username": problem.detail}), 409
    return _person(wanted.username, link=link)


@pages.get("/<username>")
def show(username: str) -> str:
    """One member."""
    return _person(username)


@pages.post("/<username>/<action>")
def act(username: str, action: str) -> BaseResponse | str | tuple[str, int]:
    """Do what a button says."""
    if action not in ACTIONS:
        return redirect(f"/staff/people/{username}", 303)
    try:
        with unit_of_work() as session:
            link = ACTIONS[action](session, username)
    except Conflict as problem:
        return _person(username, problem=problem.detail), 409
    # Whoever changed themselves may have lost what this page needs: the next request says so.
    return _person(username, link=link) if link else redirect(f"/staff/people/{username}", 303)


def _list(typed: dict[str, str], errors: dict[str, str]) -> str:
    with reading() as session:
        people = service.list_all(session)
    return render_template("staff/people.html", people=people, roles=Role, given=typed, errors=errors)


def _person(username: str, *, link: str | None = None, problem: str | None = None) -> str:
    with reading() as session:
        person = service.read(session, username)
    return render_template("staff/person.html", person=person, roles=Role, link=link, problem=problem)
