"""What the API of staff takes and gives, and its forms."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from bookstore.catalogue.schemas import BookPatch, Input
from bookstore.orders.schemas import Email
from bookstore.staff.roles import Role

Username = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9._-]{1,31}$"), Field(examples=["ann"])]


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
