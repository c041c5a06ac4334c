"""The menu of the staff's pages: add a line for each new group of pages."""

from dataclasses import dataclass

from bookstore.staff.guard import current_staff
from bookstore.staff.roles import Role


@dataclass(frozen=True)
class Entry:
    """A line of the menu, for members of this role and above."""

    label: str
    path: str
    role: Role


ENTRIES = (
    Entry("Overview", "/staff", Role.CLERK),
    Entry("Orders", "/staff/orders", Role.CLERK),
    Entry("Books", "/staff/books", Role.CLERK),
    Entry("Stock", "/staff/stock", Role.CLERK),
    Entry("Reviews", "/staff/reviews", Role.CLERK),
    Entry("Import", "/staff/imports", Role.MANAGER),
    Entry("People", "/staff/people", Role.ADMIN),
    Entry("Audit log", "/staff/audit", Role.ADMIN),
    Entry("You", "/staff/account", Role.CLERK),
)


def entries() -> list[Entry]:
    """What the member who asks may see."""
    member = current_staff()
    return [entry for entry in ENTRIES if member and member.may(entry.role)]
