"""What admins do with staff. Every function takes the session of one unit of work, and none commits."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from flask import current_app
from sqlalchemy import Row, delete, func, or_, select
from sqlalchemy.orm import Session

from bookstore import audit
from bookstore.db import ReadSession
from bookstore.errors import Conflict, NotFound
from bookstore.identity import limits, sessions
from bookstore.identity.sessions import Kind
from bookstore.staff.models import RecoveryCode, Staff
from bookstore.staff.roles import Role

ENROLMENT_LASTS = timedelta(days=2)
NO_SUCH_MEMBER = "No member of the staff has this name."
COLUMNS: tuple[Any, ...] = (
    Staff.id, Staff.username, Staff.email, Staff.role, Staff.active, Staff.created_at,
    Staff.totp_step.is_not(None).label("enrolled"),
)  # fmt: skip


def list_all(session: ReadSession | Session) -> Sequence[Row[Any]]:
    """Everyone who works or worked here, by name."""
    return session.execute(select(*COLUMNS).order_by(Staff.username)).all()


def read(session: ReadSession | Session, username: str) -> Row[Any]:
    """One member; raises NotFound."""
    row = session.execute(select(*COLUMNS).where(Staff.username == username)).one_or_none()
    if row is None:
        raise NotFound(NO_SUCH_MEMBER)
    return row


def add(session: Session, username: str, email: str, role: Role) -> str:
    """A new member; gives the link of the enrolment. Raises Conflict where the name or the address is taken."""
    if session.scalar(
        select(Staff.id).where(or_(Staff.username == username, func.lower(Staff.email) == email.lower()))
    ):
        raise Conflict("A member with this name or e-mail exists already: choose another, or change that one.")
    member = Staff(username=username, email=email, role=role)
    session.add(member)
    session.flush()
    audit.record(session, "staff.add", _target(member), role=role)
    return _new_link(member)


def locked(session: Session, username: str) -> Staff:
    """A member, locked until the unit of work ends; raises NotFound."""
    member = session.scalar(select(Staff).where(Staff.username == username).with_for_update())
    if member is None:
        raise NotFound(NO_SUCH_MEMBER)
    return member


def lock_admins(session: Session) -> list[int]:
    """The ids of all active admins, locked: in order, and before any other member, so that nobody deadlocks."""
    admins = select(Staff.id).where(Staff.role == Role.ADMIN, Staff.active).order_by(Staff.id)
    return list(session.scalars(admins.with_for_update()))


def change(session: Session, username: str, *, role: Role | None = None, active: bool | None = None) -> None:
    """Give a member another role, or end or renew the membership; raises Conflict for the last admin.

    Either way the member's sessions end, so that nothing goes on with rights of before.
    """
    admins = lock_admins(session)
    member = locked(session, username)
    new_role, new_active = role or Role(member.role), member.active if active is None else active
    if (new_role, new_active) == (member.role, member.active):
        return
    if admins == [member.id] and (new_role, new_active) != (Role.ADMIN, True):
        raise Conflict("This is the last admin: make another one first.")
    audit.record(session, "staff.change", _target(member), role=new_role, active=new_active)
    member.role, member.active = new_role, new_active
    if not new_active:
        member.enrolment_sha256 = None
    _end_sessions(session, member)


def reset_second_factor(session: Session, username: str) -> None:
    """Have a member set up an authenticator anew at the next log-in; the password stays."""
    member = locked(session, username)
    audit.record(session, "staff.reset_second_factor", _target(member))
    _drop_second_factor(session, member)
    _end_sessions(session, member)


def reset(session: Session, username: str) -> str:
    """Drop password and second factor; gives the link of a new enrolment. Raises Conflict for an inactive member."""
    member = locked(session, username)
    if not member.active:
        raise Conflict("This member is not active: activate them first.")
    audit.record(session, "staff.reset", _target(member))
    member.password_hash = None
    _drop_second_factor(session, member)
    _end_sessions(session, member)
    return _new_link(member)


def unlock(session: Session, username: str) -> None:
    """Let a member whose password or code was guessed too often try again at once."""
    member = locked(session, username)
    audit.record(session, "staff.unlock", _target(member))
    limits.forget(session, *buckets(member.id, member.username, member.email))


def end_sessions(session: Session, username: str) -> None:
    """Log a member out everywhere."""
    member = locked(session, username)
    audit.record(session, "staff.end_sessions", _target(member))
    _end_sessions(session, member)


def buckets(member_id: int, *names: str) -> list[str]:
    """What guesses at a member's secrets are counted under."""
    return [code_bucket(member_id), *map(password_bucket, names)]


def password_bucket(typed: str) -> str:
    """Guesses at a password count by the name that was typed, whether anyone has it or not."""
    return f"staff-password:{typed.strip().lower()}"


def code_bucket(member_id: int) -> str:
    """Guesses at the second factor count by the account."""
    return f"staff-code:{member_id}"


def enrolment_digest(token: str) -> bytes:
    """What is kept of an enrolment's link."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _new_link(member: Staff) -> str:
    token = secrets.token_urlsafe(32)
    member.enrolment_sha256 = enrolment_digest(token)
    member.enrolment_ends_at = func.now() + ENROLMENT_LASTS
    return f"{current_app.config['SETTINGS'].public_url}/staff/enrol/{token}"


def _drop_second_factor(session: Session, member: Staff) -> None:
    member.totp_seed, member.totp_step = None, None
    session.execute(delete(RecoveryCode).where(RecoveryCode.member_id == member.id))


def _end_sessions(session: Session, member: Staff) -> None:
    for kind in (Kind.STAFF, Kind.STAFF_PASSWORD):
        sessions.end_all(session, kind, member.id)


def _target(member: Staff) -> str:
    return f"staff:{member.username}"
