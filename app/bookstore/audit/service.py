"""Write the log. The unit of work is that of the change."""

from typing import Any

from flask import g, has_request_context, request
from sqlalchemy.orm import Session

from bookstore.audit.models import AuditEntry


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
