"""What the API of orders takes and gives."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from bookstore.cart.schemas import CartId
from bookstore.catalogue.schemas import CursorText, Input, Limit
from bookstore.orders.pricing import Country
from bookstore.orders.states import State
from bookstore.types import Cents, Line, Storable, WithoutNul

# Whether an address exists is for its mail server to say; this only refuses what cannot be one (RFC 5321, 4.5.3.1).
EMAIL = r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+$"
Email = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=254, pattern=EMAIL),
    Field(examples=["reader@example.org"]),
]
GiftNote = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500), Storable, WithoutNul]
Number = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}$"),
    Field(json_schema_extra={"format": "order-number"}),
]


class Address(Input):
    """Where an order is sent."""

    name: Line
    street: Line
    street2: Line | None = None
    city: Line
    region: Line | None = None
    postal_code: Annotated[Line, Field(max_length=20)]
    country: Country


class OrderIn(Input):
    """What is ordered: all that a cart holds."""

    cart_id: CartId
    email: Email
    address: Address
    gift_note: GiftNote | None = None
    expected_total_cents: Cents = Field(description="What the buyer agreed to pay; another total is a 409.")


class OrderPath(BaseModel):
    """An order's address."""

    number: Number


class OrderAccess(Input):
    """What lets a buyer see an order."""

    token: Annotated[str, StringConstraints(max_length=200)] | None = Field(
        None, description="The signed text of the order's link; without it a bearer token with the scope `orders`."
    )


class OrderListQuery(Input):
    """Which orders."""

    state: State | None = None
    find: Annotated[str, StringConstraints(strip_whitespace=True, max_length=254), Storable, WithoutNul] | None = Field(
        None, description="An order's number, however it is typed, or the buyer's whole e-mail address."
    )
    cursor: CursorText | None = None
    limit: Limit = 20


class QuoteIn(Input):
    """What would be ordered, and where it would be sent."""

    cart_id: CartId
    country: Country


class QuoteOut(BaseModel):
    """What an order would cost now."""

    currency: str
    subtotal_cents: int
    shipping_cents: int
    tax_cents: int
    tax_included: bool = Field(description="Whether the other amounts hold the tax already.")
    total_cents: int


class OrderLineOut(BaseModel):
    """A book as it was ordered."""

    isbn13: str
    title: str
    quantity: int
    price_cents: int


class OrderEventOut(BaseModel):
    """A step of an order."""

    state: State
    at: datetime
    reason: str | None


class OrderSummary(BaseModel):
    """An order in a list."""

    number: str
    state: State
    currency: str
    total_cents: int
    created_at: datetime


class OrderOut(OrderSummary):
    """An order whole."""

    email: str
    address: Address
    gift_note: str | None
    subtotal_cents: int
    shipping_cents: int
    tax_cents: int
    invoice_number: int | None = Field(None, description="Once it is paid: consecutive, without gaps.")
    reserved_until: datetime | None = Field(description="Until when the books wait for the payment.")
    lines: list[OrderLineOut]
    history: list[OrderEventOut]
    token: str = Field(description="Lets whoever has it see this order.")


class OrderListed(OrderSummary):
    """An order in the shop's list."""

    email: str
    name: str
    country: str


class OrderList(BaseModel):
    """One page of orders, the newest first."""

    items: list[OrderListed]
    next: str | None


class HistoryEvent(OrderEventOut):
    """A step of an order, with who took it."""

    actor: str = Field(description="`staff:<name>`, `token:<name>`, `customer`, `payments` or `system`.")


class OrderHistory(BaseModel):
    """Every step of an order, the first one first."""

    items: list[HistoryEvent]


class TransitionIn(Input):
    """A step to take with an order."""

    state: State
    reason: Line | None = None
    before: State | None = Field(None, description="The state that you saw it in; in another, nothing is changed.")


class PaymentOut(BaseModel):
    """Where the buyer pays."""

    checkout_url: str
