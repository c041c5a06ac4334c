"""What people type into the search box, drawn from the real data, the same at every run."""

import random
import re
from collections.abc import Sequence
from urllib.parse import quote

from bench.data import SEED, Book

COMMON_WORDS = 40
LONG_TITLE = 4
MIX = (
    "40 % words of a title, 20 % an author, 20 % one of the 40 commonest words, 10 % an ISBN, 10 % a title with a typo"
)
WEIGHTS = (40, 20, 20, 10, 10)
WORD = re.compile(r"[^\W\d_]{4,}")


def paths(books: Sequence[Book], count: int) -> list[str]:
    """Addresses of the API's search for books that both catalogues hold, so that both answer the same questions."""
    dice = random.Random(SEED)  # noqa: S311  # data, not a secret
    common = _common_words(books)
    kinds = (
        lambda book: _title(dice, book),
        lambda book: book.authors[0],
        lambda _book: dice.choice(common),
        lambda book: book.isbn,
        lambda book: _mistyped(dice, _title(dice, book)),
    )
    drawn = dice.choices(kinds, WEIGHTS, k=count)
    return [f"/api/v1/books?q={quote(kind(dice.choice(books))[:200])}" for kind in drawn]


def _common_words(books: Sequence[Book]) -> list[str]:
    counts: dict[str, int] = {}
    for book in books:
        for word in set(book.title.lower().split()):
            counts[word] = counts.get(word, 0) + 1
    words = [word for word in counts if word.isalpha()]
    return sorted(words, key=lambda word: (-counts[word], word))[:COMMON_WORDS]


def _title(dice: random.Random, book: Book) -> str:
    """A title without its series, or the first words of it."""
    words = book.title.partition(" (")[0].split()
    return " ".join(words[: dice.randint(1, len(words))] if len(words) > LONG_TITLE else words)


def _mistyped(dice: random.Random, text: str) -> str:
    """The text without one letter of one of its longer words."""
    words = list(WORD.finditer(text))
    if not words:
        return f"{text}q"
    place = dice.randrange(words[0].start() + 1, words[0].end())
    return text[:place] + text[place + 1 :]
