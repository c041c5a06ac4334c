"""What the catalogue's API takes and gives."""

from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from bookstore.catalogue import isbn, languages
from bookstore.types import Cents, Count, Line, Text

YEAR_MIN, YEAR_MAX = -4000, 2200

ISBN = Annotated[
    str,
    Field(max_length=40, description="ISBN-10 or ISBN-13, with or without hyphens.", examples=["9780439023481"]),
    AfterValidator(isbn.normalise),
]
Year = Annotated[int, Field(ge=YEAR_MIN, le=YEAR_MAX, description="Negative before Christ.")]
Language = Annotated[
    str,
    Field(min_length=2, max_length=35, description="A language tag or ISO 639 code.", examples=["en"]),
    AfterValidator(languages.normalise),
]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$", description="ISO 4217 code.", examples=["USD"])]
CoverUrl = Annotated[Text, Field(max_length=2000, pattern=r"^https://[^\s\"'<>]+$")]
Description = Annotated[Text, Field(max_length=20_000)]
Slug = Annotated[Text, Field(min_length=1, max_length=200)]


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


class BookPatch(Input):
    """Some fields of a book; what is absent stays (RFC 7396)."""

    title: Line = Field(default="")
    subtitle: Line | None = None
    authors: list[Line] = Field(default=[], min_length=1, max_length=50, description="Names, in order.")
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
    authors: list[Line] = Field(min_length=1, max_length=50, description="Names, in order.")
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
    return " ".join(value.split())


class Filters(Input):
    """Which books, whatever their order."""

    q: Annotated[Text, AfterValidator(_single_spaced)] = Field(
        "", max_length=200, description='Words, "phrases", or, -without; or an ISBN in any spelling.'
    )
    author: Slug | None = Field(None, description="An author's slug.")
    language: Language | None = None
    year_from: Year | None = None
    year_to: Year | None = None
    price_from: Cents | None = None
    price_to: Cents | None = None
    in_stock: bool = Field(False, description="Only books that can be sent today.")

    @model_validator(mode="after")
    def _ranges_are_in_order(self) -> Self:
        for name in ("year", "price"):
            low, high = getattr(self, f"{name}_from"), getattr(self, f"{name}_to")
            if low is not None and high is not None and low > high:
                raise ValueError(f"{name}_from must not be above {name}_to")
        return self


Limit = Annotated[int, Field(ge=1, le=100, description="Items on a page.")]
CursorText = Annotated[Text, Field(max_length=1000, description="From the previous page's `next`.")]


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
