"""Every read of the catalogue, as SQLAlchemy statements that give plain rows."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Row,
    Select,
    Text,
    bindparam,
    case,
    cast,
    func,
    literal,
    literal_column,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import InstrumentedAttribute, aliased

from bookstore import pagination
from bookstore.catalogue import isbn
from bookstore.catalogue.models import Author, Book, BookAuthor
from bookstore.catalogue.schemas import BookQuery, Filters, Sort
from bookstore.db import ReadSession
from bookstore.pagination import Page
from bookstore.reviews.shown import approved_reviews

# A search ranks the first so many of its matches: its cost has a bound however large the catalogue is.
SEARCH_CANDIDATES = 120
# How many books a shelf beside another book holds.
SHELF = 6

WRITTEN_BY = (
    select(
        func.json_agg(
            aggregate_order_by(
                func.json_build_object(text("'name'"), Author.name, text("'slug'"), Author.slug), BookAuthor.position
            )
        )
    )
    .select_from(BookAuthor)
    .join(BookAuthor.author)
    .where(BookAuthor.book_id == Book.id)
    .correlate(Book)
    .scalar_subquery()
    .label("authors")
)
SUMMARY = (
    Book.id, Book.isbn13, Book.title, Book.subtitle, Book.slug, WRITTEN_BY, Book.byline, Book.publisher,
    Book.publication_year, Book.language, Book.price_cents, Book.currency, Book.stock, Book.cover_url,
    Book.rating_average, Book.rating_count,
)  # fmt: skip
WHOLE = (*SUMMARY, Book.description, Book.active)

AUTHOR_COLUMNS: list[InstrumentedAttribute[Any]] = [Author.id, Author.name, Author.slug]


# An author whom a correction left without books, or whose books all went off sale, is not shown.
HAS_BOOKS_ON_SALE = (
    select(BookAuthor.book_id)
    .join(Book, Book.id == BookAuthor.book_id)
    .where(BookAuthor.author_id == Author.id, Book.active)
    .exists()
)


WORDS = bindparam("words", type_=Text())


def _terms(words: ColumnElement[str]) -> ColumnElement[Any]:
    return func.websearch_to_tsquery(text("'bookstore'"), func.fold(words))


def matches(words: ColumnElement[str]) -> ColumnElement[bool]:
    """Books with these words in title, authors or description; web-search syntax, and never a syntax error."""
    return Book.search.bool_op("@@")(_terms(words))


def _relevance() -> ColumnElement[int]:
    """Matches in the title alone, then in title and authors, then anywhere; in each the most rated first."""
    terms = _terms(WORDS)
    tier = case(
        (func.ts_filter(Book.search, text("'{a}'")).bool_op("@@")(terms), 2),
        (func.ts_filter(Book.search, text("'{a,b}'")).bool_op("@@")(terms), 1),
        else_=0,
    )
    return cast(tier, BigInteger) * literal(2**31, BigInteger) + Book.rating_count


# What each filter asks of a book; its value is the parameter of its name.
CONDITIONS: dict[str, ColumnElement[bool]] = {
    "author": Book.id.in_(
        select(BookAuthor.book_id)
        .join(Author, Author.id == BookAuthor.author_id)
        .where(Author.slug == bindparam("author"))
    ),
    "language": Book.language == bindparam("language"),
    "year_from": Book.publication_year >= bindparam("year_from"),
    "year_to": Book.publication_year <= bindparam("year_to"),
    "price_from": Book.price_cents >= bindparam("price_from"),
    "price_to": Book.price_cents <= bindparam("price_to"),
    "in_stock": Book.stock > 0,
    "isbn13": Book.isbn13 == bindparam("isbn13"),
}


@dataclass(frozen=True)
class Order:
    """A sort key and its direction."""

    key: ColumnElement[Any]
    descending: bool


ORDERS = {
    Sort.RELEVANCE: Order(_relevance(), descending=True),
    Sort.POPULAR: Order(Book.rating_count.expression, descending=True),
    Sort.NEWEST: Order(Book.newest_year.expression, descending=True),
    Sort.OLDEST: Order(Book.oldest_year.expression, descending=False),
    Sort.CHEAPEST: Order(Book.price_cents.expression, descending=False),
    Sort.DEAREST: Order(Book.price_cents.expression, descending=True),
    Sort.TITLE: Order(Book.sort_title.expression, descending=False),
}


BOOK = select(*WHOLE).where(Book.isbn13 == bindparam("isbn13"))


SHELF_COLUMNS = (
    "isbn13", "slug", "title", "byline", "language", "price_cents", "currency", "stock", "cover_url",
)  # fmt: skip


def _more_by_the_author() -> ColumnElement[Any]:
    """Other books on sale by a book's first author, the most rated first, as JSON: what a shelf shows of them."""
    other = aliased(Book)
    # As text, since JSON's numbers would lose the last zero of 4.10.
    rating = cast(other.rating_average, Text)
    first_author = (
        select(BookAuthor.author_id)
        .where(BookAuthor.book_id == Book.id, BookAuthor.position == 0)
        .correlate(Book)
        .scalar_subquery()
    )
    shown = (
        select(*(getattr(other, name) for name in SHELF_COLUMNS), rating.label("rating_average"))
        .join(BookAuthor, BookAuthor.book_id == other.id)
        .where(BookAuthor.author_id == first_author, other.active, other.id != Book.id)
        .order_by(other.rating_count.desc(), other.id.desc())
        .limit(SHELF)
        .correlate(Book)
        .subquery("shown")
    )
    return select(func.json_agg(literal_column("shown"))).select_from(shown).scalar_subquery().label("more")


BOOK_PAGE = select(*WHOLE, _more_by_the_author(), approved_reviews(Book)).where(Book.isbn13 == bindparam("isbn13"))


def book(session: ReadSession, isbn13: str) -> Row[Any] | None:
    """A book whole, on sale or not."""
    return session.execute(BOOK, {"isbn13": isbn13}).one_or_none()


def book_page(session: ReadSession, isbn13: str) -> Row[Any] | None:
    """A book whole with `more`, a shelf of others by its first author, and `reviews`; each None where there is none."""
    return session.execute(BOOK_PAGE, {"isbn13": isbn13}).one_or_none()


def books(session: ReadSession, query: BookQuery) -> Page:
    """One page of the books on sale that the query describes; raises BadRequest for a forged cursor."""
    wanted = given(query)
    if found_isbn := as_isbn(query.q):
        wanted["isbn13"] = found_isbn
    elif query.q:
        wanted["words"] = query.q
    sort = query.sort or Sort.RELEVANCE
    if sort is Sort.RELEVANCE and "words" not in wanted:
        sort = Sort.POPULAR
    position = pagination.decode(query.cursor, sort) if query.cursor else None
    values = wanted | {"most": query.limit + 1}
    if position:
        values |= {"last_key": position[0], "last_id": position[1]}
    rows = session.execute(_listing(sort, frozenset(wanted), continued=position is not None), values).all()
    return pagination.page(rows, query.limit, lambda last: pagination.encode(sort, last.sort_key, last.id))


# Building a statement costs more than sending it, and there are few shapes of it: each is built once.
@lru_cache(maxsize=512)
def _listing(sort: Sort, wanted: frozenset[str], *, continued: bool) -> Select[Any]:
    """The page of a list; its parameters are those of the conditions, `most` and, if continued, the last row's."""
    matching = [Book.active, *conditions(wanted - {"words"})]
    order, row_id = ORDERS[sort], Book.id.expression
    key = order.key.label("sort_key")
    if "words" in wanted:
        hits = select(Book.id).where(*matching, matches(WORDS)).limit(SEARCH_CANDIDATES).cte("hits")
        hits = hits.prefix_with("MATERIALIZED")
        statement = select(*SUMMARY, key).join(hits, hits.c.id == Book.id).execution_options(prepared=False)
    else:
        statement = select(*SUMMARY, key).where(*matching)
    if continued:
        last = bindparam("last_key", type_=order.key.type), bindparam("last_id", type_=row_id.type)
        statement = statement.where(pagination.beyond(order.key, row_id, last, descending=order.descending))
    return pagination.after(statement, order.key, row_id, descending=order.descending).limit(bindparam("most"))


def given(query: Filters) -> dict[str, Any]:
    """The filters in use and their values: the parameters of their conditions."""
    values = ((name, getattr(query, name, None)) for name in CONDITIONS)
    return {name: value for name, value in values if value is not None and value is not False}


def conditions(names: Iterable[str]) -> list[ColumnElement[bool]]:
    """What these filters ask of a book, in one order whatever theirs is."""
    return [CONDITIONS[name] for name in sorted(names)]


def as_isbn(words: str) -> str | None:
    """The ISBN-13 where a search is for an ISBN."""
    try:
        return isbn.normalise(words)
    except isbn.InvalidISBN:
        return None


def _authors(*, continued: bool) -> Select[Any]:
    statement = select(*AUTHOR_COLUMNS).where(HAS_BOOKS_ON_SALE)
    key, row_id = Author.slug.expression, Author.id.expression
    if continued:
        last = bindparam("last_key", type_=key.type), bindparam("last_id", type_=row_id.type)
        statement = statement.where(pagination.beyond(key, row_id, last, descending=False))
    return pagination.after(statement, key, row_id, descending=False).limit(bindparam("most"))


AUTHORS = {continued: _authors(continued=continued) for continued in (False, True)}


def authors(session: ReadSession, limit: int, cursor: str | None) -> Page:
    """One page of the authors, by slug; raises BadRequest for a forged cursor."""
    position = pagination.decode(cursor, "author") if cursor else None
    values: dict[str, Any] = {"most": limit + 1}
    if position:
        values |= {"last_key": position[0], "last_id": position[1]}
    rows = session.execute(AUTHORS[position is not None], values).all()
    return pagination.page(rows, limit, lambda last: pagination.encode("author", last.slug, last.id))


AUTHOR = select(*AUTHOR_COLUMNS).where(Author.slug == bindparam("slug"), HAS_BOOKS_ON_SALE)


def author(session: ReadSession, slug: str) -> Row[Any] | None:
    """An author of books on sale, by slug."""
    return session.execute(AUTHOR, {"slug": slug}).one_or_none()


def _language_codes() -> Select[Any]:
    """One index look-up for each language, however many books there are."""
    first = select(func.min(Book.language).label("code")).where(Book.active).cte("codes", recursive=True)
    later = select(func.min(Book.language)).where(Book.active, Book.language > first.c.code).scalar_subquery()
    codes = first.union_all(select(later).where(first.c.code.is_not(None)))
    return select(codes.c.code).where(codes.c.code.is_not(None))


LANGUAGE_CODES = _language_codes()


def language_codes(session: ReadSession) -> list[str]:
    """The languages of the books on sale."""
    return list(session.scalars(LANGUAGE_CODES))
