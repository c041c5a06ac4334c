"""What the catalogue's API takes and gives."""

import re
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from bookstore.catalogue import isbn, languages
from bookstore.catalogue.slugs import slugify
from bookstore.types import Cents, Count, Line, Storable, Whole, WithoutNul

YEAR_MIN, YEAR_MAX = -4000, 2200

ISBN = Annotated[
    str,
    Field(
        max_length=40,
        description="ISBN-10 or ISBN-13, with or without hyphens.",
        examples=["9780439023481"],
        json_schema_extra={"format": "isbn"},
    ),
    AfterValidator(isbn.normalise),
]
Year = Annotated[int, Field(ge=YEAR_MIN, le=YEAR_MAX, description="Negative before Christ."), Whole]
Language = Annotated[
    str,
    Field(
        min_length=2,
        max_length=35,
        description="A language tag or ISO 639 code.",
        examples=["en"],
        pattern=languages.TAG,
    ),
    AfterValidator(languages.normalise),
]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$", description="ISO 4217 code.", examples=["USD"])]
CoverUrl = Annotated[str, StringConstraints(max_length=2000, pattern=r"^https://[^\s\u0000\"'<>]+$"), Storable]
Description = Annotated[str, StringConstraints(strip_whitespace=True, max_length=20_000), Storable, WithoutNul]
Slug = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\s\u0000]+$"), Storable]


def _named_once(names: list[str]) -> list[str]:
    """Without who is named again, be it in another spelling."""
    by_slug: dict[str, str] = {}
    for name in names:
        by_slug.setdefault(slugify(name), name)
    return list(by_slug.values())


Authors = Annotated[
    list[Line], Field(min_length=1, max_length=50, description="Names, in order."), AfterValidator(_named_once)
]


class Input(BaseModel):
    """Base of what is sent: an unknown field is an error, never dropped."""

    model_config = ConfigDict(extra="forbid")


class AuthorOut(BaseModel):
    """An author as a book names it."""

    name: str
    slug: str


class BookSummary(BaseModel):
    """A book in a list."""

    isbn13: str
    title: str
    subtitle: str | None
    slug: str
    authors: list[AuthorOut]
    publisher: str | None
    publication_year: int | None = Field(description="None where unknown, negative before Christ.")
    language: str | None = Field(description="ISO 639 code.")
    price_cents: int
    currency: str
    stock: int
    cover_url: str
    rating_average: float | None
    rating_count: int


class BookOut(BookSummary):
    """A book whole."""

    isbn10: str | None
    description: str | None
    active: bool


class BookPage(BaseModel):
    """One page of books."""

    items: list[BookSummary]
    next: str | None = Field(description="Address of the next page; also in the Link header.")
    did_you_mean: str | None = Field(None, description="Another spelling of `q` that has matches, where it has none.")


class AuthorPage(BaseModel):
    """One page of authors."""

    items: list[AuthorOut]
    next: str | None


def _without_defaults(schema: dict[str, Any]) -> None:
    for field in schema["properties"].values():
        field.pop("default", None)


class BookPatch(Input):
    """Some fields of a book; what is absent stays (RFC 7396)."""

    # The defaults only stand for what is absent: they mean nothing, and break the fields' own rules.
    model_config = ConfigDict(json_schema_extra=_without_defaults)

    title: Line = Field(default="")
    subtitle: Line | None = None
    authors: Authors = []
    publisher: Line | None = None
    publication_year: Year | None = None
    language: Language | None = None
    description: Description | None = None
    price_cents: Cents = 0
    currency: Currency = "USD"
    stock: Count = 0
    cover_url: CoverUrl | None = None
    active: bool = True

    def changes(self) -> dict[str, Any]:
        """What was sent, by field."""
        return self.model_dump(exclude_unset=True)


class BookReplacement(BookPatch):
    """Every field of a book but its ISBN; an absent optional one is emptied."""

    title: Line
    authors: Authors
    price_cents: Cents
    currency: Currency
    stock: Count

    def changes(self) -> dict[str, Any]:
        """Every field."""
        return self.model_dump()


class BookIn(BookReplacement):
    """A new book."""

    isbn: ISBN

    def changes(self) -> dict[str, Any]:
        """Every field but the ISBN, which never changes."""
        return self.model_dump(exclude={"isbn"})


class Sort(StrEnum):
    """The orders that a list of books can have."""

    RELEVANCE = "relevance"
    POPULAR = "popular"
    NEWEST = "newest"
    OLDEST = "oldest"
    CHEAPEST = "price"
    DEAREST = "-price"
    TITLE = "title"


def _single_spaced(value: str) -> str:
    # A hyphen between spaces is a dash, as in "Emma - Jane Austen"; for a search it would mean "without".
    return re.sub(r"(?<=\S) - (?=\S)", " ", " ".join(value.split()))


class Filters(Input):
    """Which books, whatever their order."""

    q: Annotated[
        str,
        StringConstraints(strip_whitespace=True, max_length=200),
        Storable,
        AfterValidator(_single_spaced),
        WithoutNul,
    ] = Field("", description='Words, "phrases", or, -without; or an ISBN in any spelling.')
    author: Slug | None = Field(None, description="An author's slug.")
    language: Language | None = None
    year_from: Year | None = None
    year_to: Year | None = None
    price_from: Cents | None = None
    price_to: Cents | None = None
    in_stock: bool = Field(False, description="Only books that can be sent today.")


Limit = Annotated[int, Field(ge=1, le=100, description="Items on a page.")]
CursorText = Annotated[
    str,
    StringConstraints(max_length=2000),
    Storable,
    Field(description="From the previous page's `next`.", json_schema_extra={"format": "cursor"}),
]


class BookQuery(Filters):
    """Filters, order and page of a list of books."""

    sort: Sort | None = Field(None, description="Relevance with `q`, else popular.")
    limit: Limit = 20
    cursor: CursorText | None = None


class AuthorQuery(Input):
    """Page of the list of authors."""

    limit: Limit = 50
    cursor: CursorText | None = None


class BookPath(BaseModel):
    """A book's address."""

    isbn: ISBN


class AuthorPath(BaseModel):
    """An author's address."""

    slug: Slug
