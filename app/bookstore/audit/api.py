"""/api/v1/audit-log."""

from bookstore.audit import queries
from bookstore.audit.schemas import AuditList, AuditOut, AuditQuery
from bookstore.db import ReadSession
from bookstore.errors import BadRequest
from bookstore.web import Api, next_page

api = Api("audit_api", __name__, url_prefix="/api/v1")
SCOPE = "audit"


@api.operation("GET", "/audit-log", answer=AuditList, scope=SCOPE, errors=[BadRequest])
def read_audit_log(session: ReadSession, query: AuditQuery) -> AuditList:
    """Read who did what, the newest first."""
    page = queries.entries(session, query.model_dump(include=set(queries.FILTERS)), query.limit, query.cursor)
    items = [AuditOut.model_validate(row, from_attributes=True) for row in page.rows]
    return AuditList(items=items, next=next_page(page.next_cursor))
