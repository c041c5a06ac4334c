"""The whole catalogue as rows that importing reads back without a change (but for a name with a semicolon in it)."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from bookstore.catalogue.models import Book
from bookstore.catalogue.queries import WRITTEN_BY
from bookstore.db import db

ROWS_AT_ONCE = 500
COLUMNS = (
    "isbn", "title", "subtitle", "authors", "publisher", "publication_year", "language", "description", "price_cents",
    "currency", "stock", "cover_url", "active", "rating_average", "rating_count",
)  # fmt: skip
STORED = tuple(getattr(Book, name) for name in COLUMNS if name not in ("isbn", "authors"))


def rows() -> Iterator[list[Any]]:
    """The header, then every book by its ISBN as it is at one moment; read some at a time, however many there are."""
    yield list(COLUMNS)
    statement = select(Book.isbn13.label("isbn"), WRITTEN_BY, *STORED).order_by(Book.isbn13)
    with db.engine.connect() as connection:
        # A cursor of the server lives in a transaction.
        connection.execution_options(isolation_level="REPEATABLE READ", yield_per=ROWS_AT_ONCE)
        for row in connection.execute(statement):
            fields = dict(row._mapping)  # noqa: SLF001  # public in all but name
            fields["authors"] = _joined([author["name"] for author in row.authors or ()])
            yield [fields[name] for name in COLUMNS]


def _joined(names: list[str]) -> str:
    """Names that a semicolon separates; one alone gets it too where a comma would look like two names."""
    return "; ".join(names) + (";" if len(names) == 1 and "," in names[0] else "")
