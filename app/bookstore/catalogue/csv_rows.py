"""The rows of a catalogue file: CSV in, validated books or reasons out. Nothing here knows a database."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field, ValidationError

from bookstore.catalogue import isbn
from bookstore.catalogue.schemas import ISBN, BookReplacement
from bookstore.types import Count

# Columns are named as the API's fields; these are other names that are understood.
SYNONYMS = {
    "isbn13": "isbn",
    "original_publication_year": "publication_year",
    "year": "publication_year",
    "language_code": "language",
    "average_rating": "rating_average",
    "ratings_count": "rating_count",
}
# A comma before these is part of a name, not between two.
NAME_SUFFIX = re.compile(r",\s+(?=(?:Jr|Sr|II|III|IV|Ph\.?D|M\.?D|Esq)\b)")
# What the error handler "surrogateescape" makes of bytes that are not UTF-8.
NOT_UTF8 = re.compile("[\udc80-\udcff]")
# A cell of this size is refused with its row; the reader's own limit would refuse all that follows.
csv.field_size_limit(10_000_000)
UNKNOWN_LANGUAGES = {"mul", "und", "zxx"}
# Without a stock column there is none, so that nothing is sold at a price that nobody set.
DEFAULT_PRICE_CENTS = 999
DEFAULT_STOCK = 0


class CatalogueRow(BookReplacement):
    """A book as a file has it: all that the API takes, and the ratings."""

    isbn: ISBN
    rating_average: Annotated[Decimal, Field(ge=0, le=5, decimal_places=2)] | None = None
    rating_count: Count = 0


@dataclass(frozen=True)
class Rejected:
    """A row that was not imported: its line in the file, why, and what it held."""

    line: int
    reason: str
    cells: Sequence[str]


@dataclass(frozen=True)
class Accepted:
    """A row to import."""

    line: int
    book: CatalogueRow


class NotACatalogue(ValueError):
    """The file has no header that can be read."""


def columns(header: Iterable[str]) -> dict[str, str]:
    """The file's columns that are known, by field: {'isbn': 'isbn', 'language': 'language_code', …}.

    Raises NotACatalogue where a necessary one is missing.
    """
    found: dict[str, str] = {}
    for name in header:
        plain = name.strip().lower()
        wanted = SYNONYMS.get(plain, plain)
        # A column of the field's own name wins over a synonym: spreadsheets spoil `isbn13` first.
        if wanted in CatalogueRow.model_fields and (wanted not in found or plain == wanted):
            found[wanted] = name
    if missing := {"isbn", "title", "authors"} - found.keys():
        raise NotACatalogue(f"The first line must name the columns; missing: {', '.join(sorted(missing))}.")
    return found


class CatalogueFile:
    """A CSV file with a header, read one row at a time; raises NotACatalogue at once where the header is unusable."""

    def __init__(self, lines: Iterable[str], defaults: Mapping[str, Any]) -> None:
        """`defaults` fill the fields that have no column or an empty cell."""
        self._reader = csv.reader(lines, strict=True)
        try:
            self.header = next(self._reader, [])
        except csv.Error as error:
            raise NotACatalogue(f"The first line is not CSV: {error}.") from None
        self._columns = columns(self.header)
        self._defaults = defaults

    @property
    def fields(self) -> frozenset[str]:
        """The fields that the file has a column for."""
        return frozenset(self._columns)

    def __iter__(self) -> Iterator[Accepted | Rejected]:
        """Every row, as a book or as a reason against it, with the line that it begins on."""
        while True:
            line = self._reader.line_num + 1
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except csv.Error as error:
                # A stray quote or an endless cell costs the lines that it spans; the next line is read anew.
                yield Rejected(line, f"cannot be read: {error}", ())
                continue
            if cells:
                yield self._row(line, cells)

    def _row(self, line: int, cells: list[str]) -> Accepted | Rejected:
        if len(cells) > len(self.header):
            return Rejected(line, "more cells than the header has columns", cells)
        if any(NOT_UTF8.search(cell) for cell in cells):
            return Rejected(line, "is not UTF-8", cells)
        by_name = dict(zip(self.header, cells, strict=False))
        given = {field: by_name.get(column, "").strip() for field, column in self._columns.items()}
        try:
            return Accepted(line, CatalogueRow.model_validate({**self._defaults, **_repaired(given)}))
        except ValidationError as error:
            return Rejected(line, "; ".join(_reasons(error)), cells)


def _reasons(error: ValidationError) -> Iterator[str]:
    for item in error.errors(include_url=False, include_input=False):
        yield f"{'.'.join(map(str, item['loc']))}: {item['msg'].removeprefix('Value error, ')}"


def _repaired(given: Mapping[str, str]) -> dict[str, Any]:
    """Undo what spreadsheets do; an empty cell is an absent value."""
    values: dict[str, Any] = {field: text for field, text in given.items() if text}
    if "isbn" in values:
        values["isbn"] = _with_leading_zeros(values["isbn"])
    if "authors" in values:
        values["authors"] = split_authors(values["authors"])
    for field in ("publication_year", "price_cents", "stock", "rating_count"):
        if field in values:
            values[field] = values[field].removesuffix(".0")
    if values.get("language") in UNKNOWN_LANGUAGES:
        del values["language"]
    return values


def _with_leading_zeros(text: str) -> str:
    """An ISBN-10 that was taken for a number has lost its zeros."""
    digits = isbn.SEPARATORS.sub("", text)
    return digits.zfill(10) if re.fullmatch(r"[0-9]{1,8}[0-9Xx]", digits) else text


def split_authors(text: str) -> list[str]:
    """Names separated by semicolons or, where there are none, by commas."""
    parts = text.split(";") if ";" in text else NAME_SUFFIX.sub("\0", text).split(",")
    names = (" ".join(part.replace("\0", ", ").split()) for part in parts)
    return [name for name in names if name]
