"""/api/v1/staff."""

from flask import url_for
from sqlalchemy.orm import Session

from bookstore.db import ReadSession
from bookstore.errors import Conflict, NotFound
from bookstore.staff import service
from bookstore.staff.schemas import (
    Enrolment,
    MemberIn,
    MemberList,
    MemberOut,
    MemberPatch,
    MemberPath,
    NewMember,
)
from bookstore.web import Api, Reply, require_match

api = Api("staff_api", __name__, url_prefix="/api/v1")
SCOPE = "staff"


def _member(session: ReadSession | Session, username: str) -> MemberOut:
    return MemberOut.model_validate(service.read(session, username), from_attributes=True)


@api.operation("GET", "/staff", answer=MemberList, scope=SCOPE)
def list_staff(session: ReadSession) -> MemberList:
    """List everyone who works or worked here."""
    return MemberList(items=[MemberOut.model_validate(row, from_attributes=True) for row in service.list_all(session)])


@api.operation("POST", "/staff", answer=NewMember, status=201, scope=SCOPE, errors=[Conflict])
def add_member(session: Session, body: MemberIn) -> Reply:
    """Add a member, who enrols with the link in the answer."""
    link = service.add(session, body.username, body.email, body.role)
    made = NewMember(**_member(session, body.username).model_dump(), enrolment_url=link)
    return Reply(made, 201, {"Location": url_for("staff_api.read_member", username=body.username)})


@api.operation("GET", "/staff/<username>", answer=MemberOut, scope=SCOPE, errors=[NotFound])
def read_member(session: ReadSession, path: MemberPath) -> MemberOut:
    """Read one member."""
    return _member(session, path.username)


@api.operation("PATCH", "/staff/<username>", answer=MemberOut, scope=SCOPE, conditional=True, errors=[NotFound])
def change_member(session: Session, path: MemberPath, body: MemberPatch) -> MemberOut:
    """Change the role of a member, or end or renew the membership; the member's sessions end."""
    service.lock_admins(session)
    service.locked(session, path.username)
    require_match(_member(session, path.username))
    service.change(session, path.username, **body.model_dump(exclude_unset=True))
    session.flush()
    return _member(session, path.username)


@api.operation("POST", "/staff/<username>/enrolment", answer=Enrolment, scope=SCOPE, errors=[NotFound])
def reset_member(session: Session, path: MemberPath) -> Enrolment:
    """Drop a member's password and second factor, and make a new link to enrol."""
    return Enrolment(url=service.reset(session, path.username))


@api.operation("POST", "/staff/<username>/second-factor-reset", status=204, scope=SCOPE, errors=[NotFound])
def reset_second_factor(session: Session, path: MemberPath) -> None:
    """Have a member set up an authenticator anew at the next log-in."""
    service.reset_second_factor(session, path.username)


@api.operation("POST", "/staff/<username>/log-out", status=204, scope=SCOPE, errors=[NotFound])
def end_sessions(session: Session, path: MemberPath) -> None:
    """Log a member out everywhere."""
    service.end_sessions(session, path.username)


@api.operation("POST", "/staff/<username>/unlock", status=204, scope=SCOPE, errors=[NotFound])
def unlock_member(session: Session, path: MemberPath) -> None:
    """Let a member whose password or code was guessed too often try again at once."""
    service.unlock(session, path.username)
