"""Catalogues of any size: real books first, then recombined ones, the same at every run.

A recombined title is the beginning of one real title and the end of another, so that words keep their real (Zipf)
frequencies; one title in ten gains a new word, so that the vocabulary keeps growing as it does in a real catalogue.
An author has one real author's first names and another's last name; few write much, many write little.
"""

import csv
import lzma
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bookstore.catalogue.csv_rows import Accepted, CatalogueFile, CatalogueRow
from bookstore.catalogue.isbn import from_first_twelve

GOODBOOKS = Path(__file__).parent.parent / "tests/data/goodbooks-10k.csv.xz"
FIELDS = (
    "isbn", "title", "authors", "publication_year", "language", "description", "price_cents", "stock", "rating_average",
    "rating_count",
)  # fmt: skip
SEED = 20_261_123
NOT_A_LETTER = re.compile(r"[\W\d_]+")
NEW_WORD_SHARE = 0.1
SECOND_AUTHOR_SHARE = 0.2
DESCRIPTION_TITLES = 6


@dataclass(frozen=True)
class Book:
    """What a row of the file and a drawn search need."""

    isbn: str
    title: str
    authors: tuple[str, ...]
    rating_count: int
    year: int | None
    language: str | None


def real_books() -> list[Book]:
    """The books of goodbooks-10k that the importer accepts, the most rated first, each ISBN once."""
    with lzma.open(GOODBOOKS, "rt", encoding="utf-8", newline="") as source:
        rows = CatalogueFile(source, {"price_cents": 0, "currency": "USD", "stock": 0})
        books = [_book(row.book) for row in rows if isinstance(row, Accepted)]
    return list({book.isbn: book for book in books}.values())


def _book(row: CatalogueRow) -> Book:
    return Book(row.isbn, row.title, tuple(row.authors), row.rating_count, row.publication_year, row.language)


def catalogue(size: int) -> Iterator[Book]:
    """`size` books: the real ones, then recombined ones."""
    real = real_books()
    yield from real[:size]
    dice = random.Random(SEED)  # noqa: S311  # data, not a secret
    taken = {book.isbn for book in real}
    writers = [tuple(_authors(dice, real)) for _ in range(max(size // 4, 1))]
    number = 0
    while number < size - len(real):
        isbn = from_first_twelve(f"978{dice.randrange(10**9):09}")
        if isbn in taken:
            continue
        taken.add(isbn)
        number += 1
        twin = dice.choice(real)
        yield Book(
            isbn,
            _title(dice, real),
            # The square of an even draw: some write hundreds of books, most write one or two.
            writers[int(dice.random() ** 2 * len(writers))],
            int(dice.paretovariate(0.8)),
            twin.year,
            twin.language,
        )


def _title(dice: random.Random, real: list[Book]) -> str:
    begin, end = (dice.choice(real).title.split() for _ in range(2))
    words = begin[: len(begin) // 2 + 1] + end[len(end) // 2 :]
    if dice.random() < NEW_WORD_SHARE:
        words.insert(dice.randrange(len(words) + 1), _new_word(dice, real))
    return " ".join(words)[:400]


def _new_word(dice: random.Random, real: list[Book]) -> str:
    first, second = (dice.choice(NOT_A_LETTER.sub(" ", dice.choice(real).title).split() or ["Book"]) for _ in range(2))
    return (first[: len(first) // 2 + 2] + second[len(second) // 2 :]).capitalize()


def _authors(dice: random.Random, real: list[Book]) -> Iterator[str]:
    for _ in range(1 + (dice.random() < SECOND_AUTHOR_SHARE)):
        first, last = (dice.choice(dice.choice(real).authors).split() for _ in range(2))
        yield " ".join([*first[: max(len(first) - 1, 1)], last[-1]])


def write_csv(path: Path, books: Iterator[Book]) -> None:
    """A file for `bookstore catalogue import`, with descriptions, prices and stock that come from each ISBN."""
    with path.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(FIELDS)
        earlier: list[str] = []
        for book in books:
            dice = random.Random(book.isbn)  # noqa: S311  # data, not a secret
            earlier.append(book.title)
            description = ". ".join(dice.choice(earlier) for _ in range(DESCRIPTION_TITLES))
            price_cents, stock, rating = (
                799 + 100 * dice.randrange(22),
                dice.randrange(40),
                round(dice.uniform(2.5, 4.9), 2),
            )
            facts = [book.year, book.language, description, price_cents, stock, rating, book.rating_count]
            writer.writerow([book.isbn, book.title, "; ".join(book.authors), *facts])
