"""What the API of stock takes and gives."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field

from bookstore.catalogue.schemas import CursorText, Input, Limit
from bookstore.stock.models import Reason
from bookstore.types import INTEGER_MAX, Count, Line, Whole


def _not_zero(value: int) -> int:
    if value == 0:
        raise ValueError("must not be 0")
    return value


Quantity = Annotated[
    int,
    Field(ge=-INTEGER_MAX, le=INTEGER_MAX, json_schema_extra={"not": {"const": 0}}, examples=[12]),
    AfterValidator(_not_zero),
    Whole,
]


class MovementIn(Input):
    """A change of a book's stock."""

    quantity: Quantity = Field(description="How many copies came; a correction may also be negative.")
    reason: Literal[Reason.RECEIVED, Reason.CORRECTED]
    reference: Line = Field(description="What says so: a delivery note, or why the stock was wrong.")


class MovementOut(BaseModel):
    """A line of the ledger."""

    id: int
    quantity: int
    reason: Reason
    reference: str | None
    actor: str | None = Field(description="Who did it: `staff:<name>`, `token:<name>`; null for sales.")
    created_at: datetime


class MovementMade(MovementOut):
    """The new line of the ledger."""

    stock: int = Field(description="The copies that there are now.")


class MovementQuery(Input):
    """Which part of the ledger."""

    cursor: CursorText | None = None
    limit: Limit = 50


class MovementList(BaseModel):
    """One page of a book's ledger, the newest first."""

    items: list[MovementOut]
    next: str | None


class LowStockQuery(Input):
    """Which books run out."""

    at_most: Count | None = Field(None, description="Copies; the shop's own limit without it.")
    limit: Limit = 100


class ScarceBook(BaseModel):
    """A book on sale with few copies."""

    isbn13: str
    title: str
    byline: str
    stock: int
    price_cents: int
    currency: str


class LowStock(BaseModel):
    """Some of the books that run out."""

    at_most: int
    count: int = Field(description="All of them.")
    items: list[ScarceBook]
