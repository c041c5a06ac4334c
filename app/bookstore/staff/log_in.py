"""How staff log in: a name and a password, then a code of the second factor; and how they enrol, by a link.

Hashing happens between the units of work, and a guess is counted and committed before it is looked at.
"""

from typing import Any

import structlog
from sqlalchemy import Row, delete, func, or_, select, update
from sqlalchemy.orm import Session

from bookstore import audit
from bookstore.db import reading, unit_of_work
from bookstore.errors import NotFound
from bookstore.identity import limits, passwords, sessions, totp
from bookstore.identity.sessions import Kind
from bookstore.staff import service
from bookstore.staff.models import RecoveryCode, Staff

PER_ADDRESS, PER_ADDRESS_SECONDS = 50, 900
NO_SUCH_LINK = "This link has been used or has expired: ask an admin of the shop for a new one."
COLUMNS: tuple[Any, ...] = (
    Staff.id, Staff.username, Staff.email, Staff.role, Staff.password_hash, Staff.totp_seed, Staff.totp_step,
)  # fmt: skip
log = structlog.get_logger(__name__)


def count(bucket: str | None = None) -> None:
    """Count a try by this client, and a guess at the secret of the bucket; raises TooManyRequests."""
    with unit_of_work() as session:
        limits.hit(session, f"staff:{limits.client_network()}", PER_ADDRESS, PER_ADDRESS_SECONDS)
        if bucket:
            limits.guess(session, bucket)


def check_password(name: str, password: str) -> str | None:
    """The token of a session that awaits the second factor; None where name or password is wrong."""
    count(service.password_bucket(name))
    named = or_(Staff.username == name.strip().lower(), func.lower(Staff.email) == name.strip().lower())
    with reading() as session:
        member = session.execute(select(*COLUMNS).where(named, Staff.active)).one_or_none()
    if not passwords.matches(member.password_hash if member else None, password) or member is None:
        log.info("staff_log_in_refused")
        return None
    renewed = passwords.hashed(password) if passwords.is_outdated(member.password_hash) else member.password_hash
    with unit_of_work() as session:
        # As it was checked: a password that was changed or reset meanwhile opens nothing.
        unchanged = (Staff.id == member.id, Staff.password_hash == member.password_hash, Staff.active)
        kept = {"password_hash": renewed, "totp_seed": member.totp_seed or totp.new_seed()}
        if session.scalar(update(Staff).where(*unchanged).values(kept).returning(Staff.id)) is None:
            return None
        limits.forget(session, *map(service.password_bucket, (name, member.username, member.email)))
        return sessions.start(session, Kind.STAFF_PASSWORD, member.id)


def awaiting_code() -> Row[Any] | None:
    """The member whose password was right, and whose code is awaited."""
    with reading() as session:
        kept = sessions.current(Kind.STAFF_PASSWORD)
        if kept is None:
            return None
        return session.execute(select(*COLUMNS).where(Staff.id == kept.subject_id, Staff.active)).one_or_none()


def check_code(member: Row[Any], code: str) -> tuple[str, list[str]] | None:
    """The token of a full session, and on the first log-in the recovery codes; None for a wrong or used code."""
    count(service.code_bucket(member.id))
    step = totp.step_of(member.totp_seed, code) if member.totp_seed else None
    with unit_of_work() as session:
        if not (_use_step(session, member, step) if step else _use_recovery_code(session, member, code)):
            log.info("staff_code_refused")
            return None
        limits.forget(session, service.code_bucket(member.id))
        sessions.end_current(session, Kind.STAFF_PASSWORD)
        token = sessions.start(session, Kind.STAFF, member.id)
        name = f"staff:{member.username}"
        audit.record(session, "staff.log_in", name, by=name, recovery_code=step is None)
        return token, new_recovery_codes(session, member.id) if member.totp_step is None else []


def _use_step(session: Session, member: Row[Any], step: int) -> bool:
    unused = (Staff.totp_step.is_(None), Staff.totp_step < step)
    # The seed as it was checked: another authenticator may have been set up meanwhile.
    same = (Staff.id == member.id, Staff.active, Staff.totp_seed == member.totp_seed)
    use = update(Staff).where(*same, or_(*unused)).values(totp_step=step)
    return session.scalar(use.returning(Staff.id)) is not None


def _use_recovery_code(session: Session, member: Row[Any], code: str) -> bool:
    mine = (RecoveryCode.member_id == member.id, RecoveryCode.sha256 == totp.recovery_digest(code))
    return session.scalar(delete(RecoveryCode).where(*mine).returning(RecoveryCode.member_id)) is not None


def new_recovery_codes(session: Session, member_id: int) -> list[str]:
    """Recovery codes instead of all earlier ones, to be shown once."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.member_id == member_id))
    codes = totp.new_recovery_codes()
    session.add_all(RecoveryCode(member_id=member_id, sha256=totp.recovery_digest(code)) for code in codes)
    return codes


def enrolling(token: str) -> Row[Any]:
    """The member of an enrolment's link; raises NotFound once it is used or over."""
    with reading() as session:
        row = session.execute(select(*COLUMNS).where(*_open(token))).one_or_none()
    if row is None:
        raise NotFound(NO_SUCH_LINK)
    return row


def enrol(token: str, password: str) -> str:
    """Set the first password; gives the token of a session that awaits the first code. The link works once."""
    kept = {
        "password_hash": passwords.hashed(password), "enrolment_sha256": None, "enrolment_ends_at": None,
        "totp_seed": totp.new_seed(), "totp_step": None,
    }  # fmt: skip
    with unit_of_work() as session:
        used = session.execute(update(Staff).where(*_open(token)).values(kept).returning(Staff.id, Staff.username))
        member = used.one_or_none()
        if member is None:
            raise NotFound(NO_SUCH_LINK)
        name = f"staff:{member.username}"
        audit.record(session, "staff.enrol", name, by=name)
        return sessions.start(session, Kind.STAFF_PASSWORD, member.id)


def change_password(member_id: int, present: str, new: str) -> str | None:
    """The token of a new session, all others having ended; None where the present password is wrong."""
    count(f"staff-own:{member_id}")
    with reading() as session:
        kept = session.scalar(select(Staff.password_hash).where(Staff.id == member_id))
    if not passwords.matches(kept, present):
        return None
    made = passwords.hashed(new)
    with unit_of_work() as session:
        same = (Staff.id == member_id, Staff.password_hash == kept)
        name = session.scalar(update(Staff).where(*same).values(password_hash=made).returning(Staff.username))
        if name is None:
            return None
        limits.forget(session, f"staff-own:{member_id}")
        audit.record(session, "staff.change_password", f"staff:{name}")
        sessions.end_all(session, Kind.STAFF, member_id)
        return sessions.start(session, Kind.STAFF, member_id)


def _open(token: str) -> tuple[Any, ...]:
    digest = service.enrolment_digest(token)
    return (Staff.enrolment_sha256 == digest, Staff.enrolment_ends_at > func.now(), Staff.active)
