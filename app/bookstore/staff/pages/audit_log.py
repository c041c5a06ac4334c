"""/staff/audit: who did what, for admins."""

from urllib.parse import urlencode

from flask import Blueprint, render_template, request

from bookstore.db import reading
from bookstore.staff import audit, guard
from bookstore.staff.roles import Role

pages = Blueprint("staff_audit", __name__, url_prefix="/staff/audit")
PER_PAGE = 50
FILTERS = ("actor", "action", "target")


@pages.get("")
def show() -> str:
    """The log, the newest first."""
    guard.require(Role.ADMIN)
    asked: dict[str, str | None] = {name: request.args.get(name, "").strip()[:200] or None for name in FILTERS}
    with reading() as session:
        page = audit.entries(session, asked, PER_PAGE, request.args.get("cursor"))
    following = None
    if page.next_cursor:
        kept = {name: value for name, value in asked.items() if value}
        following = f"/staff/audit?{urlencode({**kept, 'cursor': page.next_cursor})}"
    return render_template("staff/audit.html", entries=page.rows, asked=asked, next_url=following)
