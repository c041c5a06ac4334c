"""Every read of the log, as statements that give plain rows."""

from collections.abc import Mapping

from sqlalchemy import select

from bookstore import pagination
from bookstore.audit.models import AuditEntry
from bookstore.db import ReadSession

NEWEST = "newest_audit"
FILTERS = ("actor", "action", "target")


def entries(session: ReadSession, filters: Mapping[str, str | None], limit: int, cursor: str | None) -> pagination.Page:
    """One page of the log, the newest first; `filters` by name of FILTERS. Raises BadRequest for a forged cursor."""
    columns = AuditEntry.__table__.columns
    statement = select(*columns)
    for name in FILTERS:
        if value := filters.get(name):
            statement = statement.where(columns[name] == value)
    return pagination.by_id(session, statement, AuditEntry.id, NEWEST, limit, cursor)
