"""What a unit of work changes of what the catalogue shows: the cache is told once that is committed."""

from collections.abc import Iterable
from functools import partial

import structlog
from sqlalchemy import bindparam, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, aliased

from bookstore import cache
from bookstore.catalogue.models import Book, BookAuthor
from bookstore.db import after_commit, reading

# What a list of books or authors shows, whichever books are in it; and what a book's page and JSON show.
LISTS = "lists"
BOOK = "book:{}"

log = structlog.get_logger(__name__)

_theirs, _mine = aliased(BookAuthor), aliased(BookAuthor)
# On the page of a book is a shelf of its first author's others.
SHOWN_BY = (
    select(Book.isbn13)
    .join(_theirs, _theirs.book_id == Book.id)
    .join(_mine, _mine.author_id == _theirs.author_id)
    .where(_theirs.position == 0, _mine.book_id.in_(bindparam("ids", expanding=True)))
    .union(select(Book.isbn13).where(Book.id.in_(bindparam("ids", expanding=True))))
)


def everything(session: Session) -> None:
    """Names, prices or what is on sale have changed."""
    after_commit(session, _forget_everything)


def books(session: Session, book_ids: Iterable[int]) -> None:
    """The stock or the reviews of these books have changed."""
    if ids := sorted(book_ids):
        after_commit(session, partial(_forget_books, ids))


def _forget_everything() -> None:
    cache.current().forget([cache.EVERYTHING])


def _forget_books(book_ids: list[int]) -> None:
    kept = cache.current()
    if not kept.enabled:
        return
    try:
        with reading() as session:
            shown_by = session.scalars(SHOWN_BY, {"ids": book_ids}).all()
    except SQLAlchemyError as error:
        log.warning("cache_forgets_all", error=type(error).__name__)
        kept.forget([cache.EVERYTHING])
    else:
        kept.forget([LISTS, *(BOOK.format(isbn13) for isbn13 in shown_by)])
