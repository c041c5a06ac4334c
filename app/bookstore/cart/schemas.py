"""What the API of carts takes and gives."""

from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from bookstore.cart.service import MOST_COPIES
from bookstore.catalogue.schemas import ISBN, Input
from bookstore.types import Whole

CartId = Annotated[
    str,
    StringConstraints(pattern="^[A-Za-z0-9_-]{24}$"),
    Field(description="The cart's only key: keep it secret.", json_schema_extra={"format": "cart"}),
]


class CartPath(BaseModel):
    """A cart's address."""

    cart_id: CartId


class LinePath(CartPath):
    """A book's address within a cart."""

    isbn: ISBN


class QuantityIn(Input):
    """How many copies."""

    quantity: Annotated[int, Field(ge=1, le=MOST_COPIES), Whole]


class CartLineOut(BaseModel):
    """A book in a cart."""

    isbn13: str
    title: str
    quantity: int
    price_cents: int = Field(description="What a copy costs now.")
    seen_price_cents: int = Field(description="What it cost when it was put into the cart.")
    in_stock: int = Field(description="Copies that can be had now, at most the most that a cart takes.")


class CartOut(BaseModel):
    """A cart with today's prices."""

    id: str
    currency: str
    lines: list[CartLineOut]
    subtotal_cents: int
