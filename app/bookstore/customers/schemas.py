"""The forms of customers, and what the API tells of them."""

from datetime import datetime

from pydantic import BaseModel, Field

from bookstore.catalogue.schemas import CursorText, Input, Limit
from bookstore.orders.schemas import Email
from bookstore.types import BIGINT_MAX, Line


class EmailIn(Input):
    """Who wants an account, or another password."""

    email: Email


class NameIn(Input):
    """How someone wants to be called."""

    name: Line


class CustomerPath(BaseModel):
    """A customer's address in the API."""

    id: int = Field(ge=1, le=BIGINT_MAX)


class CustomerQuery(Input):
    """Which customers."""

    email: Email | None = Field(None, description="Exactly this address, in capitals or not.")
    cursor: CursorText | None = None
    limit: Limit = 20


class CustomerOut(BaseModel):
    """A customer."""

    id: int
    email: str
    name: str
    created_at: datetime


class CustomerList(BaseModel):
    """One page of customers, the newest first."""

    items: list[CustomerOut]
    next: str | None
