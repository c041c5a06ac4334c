"""Make the sample catalogue from goodbooks-10k: `python -m dev.sample goodbooks-10k.csv > data/sample-books.csv`."""

import csv
import hashlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from bookstore.catalogue.csv_rows import Accepted, CatalogueFile, CatalogueRow

POPULAR = 850
IN_ALL = 1000
FIELDS = (
    "isbn", "title", "subtitle", "authors", "publication_year", "language", "price_cents", "currency", "stock",
    "rating_average", "rating_count",
)  # fmt: skip
SERIES = re.compile(r"(?P<title>.+?) \((?P<series>[^()]+?),? #(?P<number>[\d.–-]+)\)")


def books(path: Path) -> Iterator[CatalogueRow]:
    """The most popular books, then the most popular of those in another language or of another age."""
    with path.open(encoding="utf-8", newline="") as source:
        file = CatalogueFile(source, {"price_cents": 0, "currency": "USD", "stock": 0})
        valid = [row.book for row in file if isinstance(row, Accepted)]
    others = valid[POPULAR:]
    unusual = [book for book in others if book.language not in (None, "en") or (book.publication_year or 1) < 1]
    chosen = [*valid[:POPULAR], *unusual[: IN_ALL - POPULAR]]
    return iter({book.isbn: book for book in chosen}.values())


def shelved(book: CatalogueRow) -> list[object]:
    """The book's cells, with a price and a stock that depend on its ISBN alone."""
    dice = hashlib.blake2b(book.isbn.encode(), digest_size=4).digest()
    series = SERIES.fullmatch(book.title)
    title = series["title"] if series else book.title
    subtitle = f"{series['series']}, book {series['number']}" if series else None
    price_cents = 799 + 100 * (dice[0] % 22) + (-50 if dice[1] % 3 == 0 else 0)
    stock = 0 if dice[2] % 12 == 0 else 1 + dice[3] % 40
    return [
        book.isbn, title, subtitle, "; ".join(book.authors), book.publication_year, book.language, price_cents,
        book.currency, stock, book.rating_average, book.rating_count,
    ]  # fmt: skip


def main() -> None:
    """Write the sample to standard output."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(FIELDS)
    writer.writerows(shelved(book) for book in books(Path(sys.argv[1])))


if __name__ == "__main__":
    main()
