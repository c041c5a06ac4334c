"""What the API of staff takes and gives, and its forms."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field, StringConstraints

from bookstore.catalogue.schemas import BookPatch, CursorText, Input, Limit
from bookstore.orders.schemas import Email
from bookstore.staff.roles import Role
from bookstore.types import Storable, WithoutNul

Username = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9._-]{1,31}$"), Field(examples=["ann"])]
Filter = Annotated[str, StringConstraints(max_length=200), Storable, WithoutNul]


class MemberIn(Input):
    """A new member."""

    username: Username
    email: Email
    role: Role


class MemberPatch(Input):
    """What changes; the rest stays (RFC 7396)."""

    # As in a book's: the defaults only stand for what is absent.
    model_config = BookPatch.model_config

    role: Role = Role.CLERK
    active: bool = True


class MemberPath(BaseModel):
    """A member's address."""

    username: Username


class MemberOut(BaseModel):
    """A member of the staff."""

    username: str
    email: str
    role: Role
    active: bool
    enrolled: bool = Field(description="Whether the second factor is set up.")
    created_at: datetime


class MemberList(BaseModel):
    """Everyone, by name."""

    items: list[MemberOut]


class Enrolment(BaseModel):
    """How a member gets in for the first time."""

    url: str = Field(description="Works once, for two days. Give it to nobody else.")


class NewMember(MemberOut):
    """A member who has just been added."""

    enrolment_url: str = Field(description="Works once, for two days. Give it to nobody else.")


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
