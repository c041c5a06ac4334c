"""/staff/audit: who did what, for admins."""

from flask import Blueprint, render_template, request

from bookstore.audit import queries
from bookstore.db import reading
from bookstore.staff import forms, guard
from bookstore.staff.roles import Role

pages = Blueprint("staff_audit", __name__, url_prefix="/staff/audit")
PER_PAGE = 50


@pages.get("")
def show() -> str:
    """The log, the newest first."""
    guard.require(Role.ADMIN)
    asked: dict[str, str | None] = {name: request.args.get(name, "").strip()[:200] or None for name in queries.FILTERS}
    with reading() as session:
        page = queries.entries(session, asked, PER_PAGE, request.args.get("cursor"))
    following = forms.address("/staff/audit", **asked, cursor=page.next_cursor) if page.next_cursor else None
    return render_template("staff/audit.html", entries=page.rows, asked=asked, next_url=following)
