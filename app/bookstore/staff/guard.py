"""Who may see a page of the staff. All under /staff is closed to others, but for the few pages in OPEN."""

from dataclasses import dataclass

from flask import g
from sqlalchemy import select

from bookstore.db import reading
from bookstore.errors import Forbidden
from bookstore.identity import sessions
from bookstore.identity.pages import is_closed, send_to_log_in
from bookstore.identity.sessions import Kind
from bookstore.staff.models import Staff
from bookstore.staff.roles import Role

OPEN = frozenset(
    {"staff_login.form", "staff_login.log_in", "staff_login.code", "staff_login.check_code",
     "staff_enrolment.form", "staff_enrolment.enrol"}
)  # fmt: skip


@dataclass(frozen=True)
class StaffMember:
    """The one who has logged in."""

    id: int
    username: str
    email: str
    role: Role
    session: bytes

    @property
    def actor(self) -> str:
        """How logs name this member."""
        return f"staff:{self.username}"

    def may(self, role: Role) -> bool:
        """Whether this member has the role, or a higher one."""
        return self.role.includes(role)


def current_staff() -> StaffMember | None:
    """The member who has logged in, second factor and all; None for anyone else."""
    if "staff" not in g:
        g.staff = _find()
    found: StaffMember | None = g.staff
    return found


def _find() -> StaffMember | None:
    with reading() as session:
        kept = sessions.current(Kind.STAFF)
        if kept is None:
            return None
        columns = (Staff.username, Staff.email, Staff.role)
        row = session.execute(select(*columns).where(Staff.id == kept.subject_id, Staff.active)).one_or_none()
    return StaffMember(kept.subject_id, row.username, row.email, Role(row.role), kept.sha256) if row else None


def require(role: Role = Role.CLERK) -> StaffMember:
    """The member, if of this role at least; raises Forbidden for a lesser one, and sends anyone else to log in.

    Ask before a unit of work, not within it.
    """
    member = current_staff()
    if member is None:
        send_to_log_in("/staff")
    if not member.may(role):
        raise Forbidden(f"This needs the role {role.value}; yours is {member.role.value}. Ask an admin of the shop.")
    g.actor = member.actor
    return member


def close_by_default() -> None:
    """Before each request: nobody but staff passes, unless the page is open."""
    if is_closed("/staff", OPEN):
        require(Role.CLERK)
