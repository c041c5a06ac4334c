"""The log of who did what: written in the unit of work that does it, so that neither is there without the other."""

from typing import Any

from flask import g, has_request_context, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from bookstore import pagination
from bookstore.catalogue.queries import Page
from bookstore.db import ReadSession
from bookstore.staff.models import AuditEntry

NEWEST = "newest_audit"


def record(session: Session, action: str, target: str, *, by: str | None = None, **details: Any) -> None:
    """Note what is being done to a target such as `order:7KQ2-M4ZT-09XB`. Details are JSON, without secrets.

    `by` is who does it, where that is not who is logged in.
    """
    entry = AuditEntry(action=action, target=target, details=details, actor=by or actor())
    if has_request_context():
        entry.address = request.remote_addr
    session.add(entry)


def actor() -> str:
    """Who acts: `staff:<username>`, `token:<name>`, or `command` outside a request."""
    if not has_request_context():
        return "command"
    return str(g.get("actor", "anonymous"))


def entries(session: ReadSession, filters: dict[str, str | None], limit: int, cursor: str | None) -> Page:
    """One page of the log, the newest first; `filters` by actor, action and target. Raises BadRequest for a cursor."""
    columns = tuple(AuditEntry.__table__.columns)
    statement = select(*columns).order_by(AuditEntry.id.desc()).limit(limit + 1)
    for name in ("actor", "action", "target"):
        if value := filters.get(name):
            statement = statement.where(AuditEntry.__table__.columns[name] == value)
    if cursor:
        _, last = pagination.decode(cursor, NEWEST)
        statement = statement.where(AuditEntry.id < last)
    rows = session.execute(statement).all()
    if len(rows) <= limit:
        return Page(rows, None)
    return Page(rows[:limit], pagination.encode(NEWEST, 0, rows[limit - 1].id))
