"""A book as its form has it: an author on each line, a price as people write it; the rules are the API's."""

import hashlib
import re
from collections.abc import Mapping
from typing import Annotated, Any

import orjson
from flask import request
from pydantic import BeforeValidator
from sqlalchemy import Row

from bookstore.catalogue.schemas import ISBN, Authors, BookReplacement
from bookstore.formats import amount, cents, year, year_number
from bookstore.identity.forms import SENTENCES
from bookstore.staff import forms
from bookstore.types import Count

LABELS = {
    "title": "Title",
    "subtitle": "Subtitle",
    "authors": "Authors",
    "publisher": "Publisher",
    "publication_year": "Year",
    "language": "Language",
    "price": "Price",
    "currency": "Currency",
    "cover_url": "Address of the cover",
    "description": "Description",
    "active": "On sale",
}
ADVICE = {
    "publication_year": "Write a year such as 1984 or 720 BC.",
    "language": "Write a language's code, such as en, fr or pt-BR.",
    "currency": "Write three capital letters, such as USD.",
    "cover_url": "Write an address that begins with https://.",
    "price": "This is more than any book can cost.",
}


def _lines(value: Any) -> Any:
    return [line for line in value.splitlines() if line.strip()] if isinstance(value, str) else value


class BookForm(BookReplacement):
    """An edition; its stock is left alone, since sales change it all the time."""

    authors: Annotated[Authors, BeforeValidator(_lines)]
    stock: Count = 0

    def changes(self) -> dict[str, Any]:
        """Every field but the stock and, where there is one, the ISBN."""
        return self.model_dump(exclude={"stock", "isbn"})


class NewBookForm(BookForm):
    """A new edition."""

    isbn: ISBN


def typed() -> dict[str, str]:
    """What was sent, with line ends as they are kept."""
    names = ("isbn", *LABELS)
    return {name: request.form.get(name, "").replace("\r\n", "\n") for name in names}


def shown(book: Row[Any]) -> dict[str, str]:
    """A book's row as the form shows it."""
    return {
        "title": book.title,
        "subtitle": book.subtitle or "",
        "authors": "\n".join(author["name"] for author in book.authors or ()),
        "publisher": book.publisher or "",
        "publication_year": year(book.publication_year) if book.publication_year is not None else "",
        "language": book.language or "",
        "price": amount(book.price_cents, book.currency),
        "currency": book.currency,
        "cover_url": book.cover_url or "",
        "description": book.description or "",
        "active": "yes" if book.active else "",
    }


def fingerprint(values: Mapping[str, str]) -> str:
    """What tells whether a book is still what a form showed."""
    return hashlib.blake2b(orjson.dumps(values, option=orjson.OPT_SORT_KEYS), digest_size=12).hexdigest()


def read(model: type[BookForm], values: Mapping[str, str]) -> tuple[BookForm | None, dict[str, str]]:
    """The book that was typed, or None and what is wrong beside each field."""
    filled = {**values, "active": "true" if values["active"] else "false"}
    price, written_year = filled.pop("price").strip(), filled["publication_year"]
    wrong: dict[str, str] = {}
    if not price:
        wrong["price"] = SENTENCES["missing"]
    # Money is read by its currency's decimals, so that a currency that is none leaves nothing to read.
    elif re.fullmatch(forms.CURRENCY, filled["currency"]):
        try:
            filled["price_cents"] = str(cents(price, filled["currency"]))
        except ValueError as error:
            wrong["price"] = str(error)
    if written_year.strip():
        try:
            filled["publication_year"] = str(year_number(written_year))
        except ValueError:
            wrong["publication_year"] = ADVICE["publication_year"]
    if "isbn" not in model.model_fields:
        filled.pop("isbn", None)
    book, errors = forms.read(model, filled, ADVICE)
    if "price_cents" in errors:
        del errors["price_cents"]
        if "currency" not in errors:
            errors["price"] = ADVICE["price"]
    errors |= wrong
    return (None, errors) if errors else (book, {})
