"""What the API of staff takes and gives, and its forms."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from bookstore.catalogue.schemas import BookPatch, CursorText, Input, Limit
from bookstore.orders.schemas import Email
from bookstore.orders.states import State
from bookstore.staff.import_models import ImportState
from bookstore.staff.roles import Role
from bookstore.types import BIGINT_MAX, Line, Storable, WithoutNul

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


class DayOut(BaseModel):
    """A day in UTC."""

    date: date
    orders: int = Field(description="Paid on this day.")
    revenue_cents: int = Field(description="What came in, less what was given back.")


class BestSeller(BaseModel):
    """A book and how often it was sold in the last 30 days, without what was refunded."""

    isbn13: str
    title: str
    sold: int


class Dashboard(BaseModel):
    """How the shop does, and what waits to be done."""

    currency: str
    today: DayOut
    week_revenue_cents: int = Field(description="Of the last seven days.")
    days: list[DayOut] = Field(description="The last 30, the oldest first.")
    orders_by_state: dict[State, int] = Field(description="`paid` ones wait to be packed, `packed` ones to be shipped.")
    best_sellers: list[BestSeller]
    running_out: int = Field(description="Books on sale with few copies: see `/low-stock`.")


class CatalogueQuery(Input):
    """Which books, on sale or not."""

    find: Annotated[str, StringConstraints(max_length=200), Storable, WithoutNul] | None = Field(
        None, description="Words of title, authors or description, or an ISBN."
    )
    active: bool | None = Field(None, description="Only those on sale, or those that are not.")
    cursor: CursorText | None = None
    limit: Limit = 50


class CatalogueRowOut(BaseModel):
    """A book in the shop's own list."""

    isbn13: str
    title: str
    byline: str
    price_cents: int
    currency: str
    stock: int
    active: bool


class CatalogueList(BaseModel):
    """One page of all books, the last added first."""

    items: list[CatalogueRowOut]
    next: str | None


class UploadQuery(Input):
    """What is told with a catalogue file."""

    filename: Line = "catalogue.csv"


class ImportPath(BaseModel):
    """An import's address."""

    id: int = Field(ge=1, le=BIGINT_MAX)


class ImportListQuery(Input):
    """Which part of the list."""

    cursor: CursorText | None = None
    limit: Limit = 20


class RejectedRow(BaseModel):
    """A row that cannot be imported."""

    line: int
    reason: str


class ImportOut(BaseModel):
    """A catalogue file, and what became of its rows up to `line`: what would, until it is started."""

    id: int
    filename: str
    state: ImportState = Field(description="It is `checked` when it waits to be started.")
    problem: str | None = Field(description="Why the file was refused as a whole.")
    actor: str
    lines: int = Field(description="How long the file is.")
    line: int = Field(description="How far the work is.")
    added: int
    updated: int
    unchanged: int
    rejected: int
    rejected_rows: list[RejectedRow] = Field(description="The first 20; all are in `rejected.csv`.")
    created_at: datetime
    updated_at: datetime


class ImportList(BaseModel):
    """One page of imports, the newest first."""

    items: list[ImportOut]
    next: str | None
