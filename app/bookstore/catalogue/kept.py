"""Reads of what everybody sees, through the cache: as JSON, ready for the API or for a template."""

import hashlib
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import orjson
from flask import request
from sqlalchemy import Row

from bookstore import cache
from bookstore.catalogue.changes import BOOK, LISTS
from bookstore.db import ReadSession, reading

# Authors change with the books that are on sale, and with nothing else.
AUTHORS = "authors"

Read = Callable[[ReadSession], Any]


def book(kind: str, isbn13: str, read: Read) -> bytes:
    """What a read gives of one book, empty where it gives None."""
    return _kept(f"{kind}:{isbn13}", BOOK.format(isbn13), read)


def books(kind: str, asked: str, read: Read) -> bytes:
    """What a read gives of a list of books; `asked` is all that it depends on."""
    return _kept(f"{kind}:{_digest(asked)}", LISTS, read)


def authors(kind: str, asked: str, read: Read) -> bytes:
    """What a read gives of authors, empty where it gives None."""
    return _kept(f"{kind}:{_digest(asked)}", AUTHORS, read)


def _kept(key: str, shows: str, read: Read) -> bytes:
    def made() -> bytes:
        with reading() as session:
            found = read(session)
        if found is None:
            return b""
        return found if isinstance(found, bytes) else json(found)

    # What a token lets somebody see is nobody else's.
    return made() if "Authorization" in request.headers else cache.current().read(key, shows, made)


def json(found: Any) -> bytes:
    """Rows, and what holds some, as JSON."""
    return orjson.dumps(found, default=_plain)


def _digest(asked: str) -> str:
    return hashlib.blake2b(asked.encode(), digest_size=12).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, Row):
        return dict(value._mapping)  # noqa: SLF001  # public in all but name
    if isinstance(value, Decimal):
        # As text: a number would lose the last zero of 4.10.
        return str(value) if value else None
    raise TypeError(type(value).__name__)
