"""Import a catalogue file: in batches, each in a transaction of its own, as one COPY and a few set statements.

Importing a file again changes nothing. Where a file names an ISBN twice, the later row holds.
"""

import csv
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TextIO, cast

from psycopg import Connection as PsycopgConnection
from sqlalchemy import text
from sqlalchemy.orm import Session

from bookstore.catalogue import changes, service
from bookstore.catalogue.csv_rows import Accepted, CatalogueFile, CatalogueRow, Rejected
from bookstore.catalogue.slugs import slugify
from bookstore.db import unit_of_work
from bookstore.stock.models import Reason
from bookstore.stock.service import explain

BATCH_ROWS = 1000

# Each field of a row with its type in the staging table; the rest is derived from these.
STAGED = {
    "isbn": "text", "title": "text", "subtitle": "text", "publisher": "text", "publication_year": "smallint",
    "language": "text", "description": "text", "price_cents": "integer", "currency": "text", "stock": "integer",
    "cover_url": "text", "active": "boolean", "rating_average": "numeric", "rating_count": "integer",
}  # fmt: skip
DERIVED = {"slug": "text", "byline": "text", "author_slugs": "text[]", "author_names": "text[]"}

STAGE = f"""
CREATE TEMPORARY TABLE staged (
    {", ".join(f"{name} {type_}" for name, type_ in {**STAGED, **DERIVED}.items())}
) ON COMMIT DROP
"""
ADD_AUTHORS = """
INSERT INTO author (name, slug)
SELECT DISTINCT ON (one.slug) one.name, one.slug
FROM staged, unnest(author_names, author_slugs) AS one (name, slug)
ORDER BY one.slug
ON CONFLICT DO NOTHING
"""
# Rows that are as they were are left alone: importing again writes nothing.
UPSERT = """
INSERT INTO book (isbn13, {columns}) SELECT isbn, {columns} FROM staged ORDER BY isbn
ON CONFLICT (isbn13) DO UPDATE SET {assignments}, updated_at = now()
WHERE ({current}) IS DISTINCT FROM ({excluded})
RETURNING id, xmax = 0 AS added
"""
AUTHORSHIP = """
CREATE TEMPORARY TABLE authorship ON COMMIT DROP AS
SELECT book.id AS book_id, author.id AS author_id, place - 1 AS position
FROM staged
JOIN book ON book.isbn13 = staged.isbn
CROSS JOIN unnest(author_slugs) WITH ORDINALITY AS one (slug, place)
JOIN author ON author.slug = one.slug
"""
CHANGED_AUTHORSHIP = """
WITH changed AS (
    SELECT book_id FROM (
        SELECT book_id, author_id, position, 'new' AS side FROM authorship
        UNION ALL
        SELECT book_id, author_id, position, 'old' FROM book_author WHERE book_id IN (SELECT book_id FROM authorship)
    ) AS both_sides
    GROUP BY book_id, author_id, position HAVING count(*) = 1
)
DELETE FROM book_author WHERE book_id IN (SELECT book_id FROM changed)
"""
ADD_AUTHORSHIP = """
INSERT INTO book_author (book_id, position, author_id)
SELECT book_id, position, author_id FROM authorship ON CONFLICT DO NOTHING
"""


@dataclass
class Report:
    """What an import did, in rows."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0

    def __str__(self) -> str:
        """One line for people."""
        return f"{self.added} added, {self.updated} updated, {self.unchanged} unchanged, {self.rejected} rejected"


@dataclass(frozen=True)
class Batch:
    """Rows of a file, and the books among them as they are copied, by ISBN."""

    rows: Sequence[Accepted | Rejected]
    books: Mapping[str, Sequence[Any]]

    @property
    def rejected(self) -> list[Rejected]:
        """The rows that are not imported."""
        return [row for row in self.rows if isinstance(row, Rejected)]


class RejectedFile:
    """Where rejected rows go: line, reason, and the row as it was; made when the first one comes."""

    def __init__(self, path: Path, header: Sequence[str]) -> None:
        self.path = path
        self._header = header
        self._file: TextIO | None = None

    def write(self, row: Rejected) -> None:
        """Add a row."""
        if self._file is None:
            self._file = self.path.open("w", encoding="utf-8", errors="surrogateescape", newline="")
            csv.writer(self._file).writerow(["line", "reason", *self._header])
        csv.writer(self._file).writerow([row.line, row.reason, *row.cells])

    def close(self) -> None:
        """Finish the file."""
        if self._file is not None:
            self._file.close()


def import_rows(file: CatalogueFile, reject: Callable[[Rejected], None], *, dry_run: bool = False) -> Report:
    """Import a catalogue file, calling `reject` for each bad row.

    A dry run does the same work and rolls each batch back, so that it holds no lock for long. Its report is true but
    for a book that two batches name: that is new, or changed, each time.
    """
    report = Report()
    for batch in batches(file):
        for row in batch.rejected:
            reject(row)
        with unit_of_work() as session:
            import_batch(session, batch, file.fields, report, dry_run=dry_run)
    return report


def batches(rows: Iterable[Accepted | Rejected]) -> Iterator[Batch]:
    """The rows, so many at a time as are imported in one unit of work.

    While PostgreSQL works on some, the next are read and made ready to be copied.
    """
    remaining = iter(rows)

    def read() -> Batch:
        some = list(islice(remaining, BATCH_ROWS))
        return Batch(some, {row.book.isbn: _staged(row.book) for row in some if isinstance(row, Accepted)})

    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="reading") as ahead:
        following = ahead.submit(read)
        while (batch := following.result()).rows:
            following = ahead.submit(read)
            yield batch


def import_batch(
    session: Session,
    batch: Batch,
    fields: frozenset[str],
    report: Report,
    *,
    dry_run: bool = False,
    reference: str | None = None,
    actor: str | None = None,
) -> None:
    """Import a batch of a file with these fields, counting into the report; a dry run undoes what it did.

    `reference` and `actor` are for the ledger of stock.
    """
    report.rejected += len(batch.rejected)
    if not batch.books:
        return
    explain(session, Reason.IMPORTED, reference, actor)
    savepoint = session.begin_nested()
    _import_books(session, batch.books.values(), fields, report)
    if dry_run:
        savepoint.rollback()
    else:
        savepoint.commit()
        changes.everything(session)


def _import_books(session: Session, books: Collection[Sequence[Any]], fields: frozenset[str], report: Report) -> None:
    session.execute(text(STAGE))
    _copy(session, books)
    # Books, authors, words: the order of every writer, so that two wait for each other instead of deadlocking.
    written = session.execute(text(_upsert(fields))).all()
    session.execute(text(ADD_AUTHORS))
    session.execute(text(AUTHORSHIP))
    session.execute(text(CHANGED_AUTHORSHIP))
    session.execute(text(ADD_AUTHORSHIP))
    service.index_words(session, [row.id for row in written])
    added = sum(row.added for row in written)
    report.added += added
    report.updated += len(written) - added
    report.unchanged += len(books) - len(written)


def _upsert(fields: frozenset[str]) -> str:
    """The statement for a file with these columns: what it lacks keeps its value in a book that exists."""
    everything = [name for name in STAGED if name != "isbn"] + ["slug", "byline"]
    given = [name for name in everything if name in fields or name in ("slug", "byline")]
    return UPSERT.format(
        columns=", ".join(everything),
        assignments=", ".join(f"{name} = excluded.{name}" for name in given),
        current=", ".join(f"book.{name}" for name in given),
        excluded=", ".join(f"excluded.{name}" for name in given),
    )


def _copy(session: Session, books: Iterable[Sequence[Any]]) -> None:
    driver = cast("PsycopgConnection", session.connection().connection.driver_connection)
    columns = ", ".join([*STAGED, *DERIVED])
    with driver.cursor() as cursor, cursor.copy(f"COPY staged ({columns}) FROM STDIN") as copy:
        for book in books:
            copy.write_row(book)


def _staged(book: CatalogueRow) -> list[Any]:
    slugs = [slugify(name) for name in book.authors]
    return [
        *(getattr(book, name) for name in STAGED),
        slugify(book.title),
        ", ".join(book.authors),
        slugs,
        book.authors,
    ]
