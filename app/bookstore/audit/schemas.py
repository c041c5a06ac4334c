"""What the API of the log takes and gives."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field, StringConstraints

from bookstore.catalogue.schemas import CursorText, Input, Limit
from bookstore.types import Storable, WithoutNul

Filter = Annotated[str, StringConstraints(max_length=200), Storable, WithoutNul]


class AuditQuery(Input):
    """Which entries of the log."""

    actor: Filter | None = Field(None, examples=["staff:ann"])
    action: Filter | None = Field(None, examples=["staff.log_in"])
    target: Filter | None = Field(None, examples=["staff:ann"])
    cursor: CursorText | None = None
    limit: Limit = 50


class AuditOut(BaseModel):
    """What someone did."""

    actor: str
    action: str
    target: str
    details: dict[str, Any]
    address: str | None = Field(description="The client's, where there was one.")
    created_at: datetime


class AuditList(BaseModel):
    """One page of the log, the newest first."""

    items: list[AuditOut]
    next: str | None
