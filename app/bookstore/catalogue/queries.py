"""Every read of the catalogue, as SQLAlchemy statements that give plain rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Row, Select, case, cast, func, literal, select, text
from sqlalchemy.dialects.postgresql import aggregate_order_by

from bookstore import pagination
from bookstore.catalogue import isbn
from bookstore.catalogue.models import Author, Book, BookAuthor
from bookstore.catalogue.schemas import BookQuery, Filters, Sort
from bookstore.db import ReadSession

# A search ranks at most this many matches, so that its cost has a bound however large the catalogue is.
SEARCH_CANDIDATES = 500

AUTHORS = (
    select(
        func.json_agg(
            aggregate_order_by(func.json_build_object("name", Author.name, "slug", Author.slug), BookAuthor.position)
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
    Book.id, Book.isbn13, Book.title, Book.subtitle, Book.slug, AUTHORS, Book.byline, Book.publisher,
    Book.publication_year, Book.language, Book.price_cents, Book.currency, Book.stock, Book.cover_url,
    Book.rating_average, Book.rating_count,
)  # fmt: skip
WHOLE = (*SUMMARY, Book.description, Book.active)


@dataclass(frozen=True)
class Order:
    """A sort key, its direction, and the type of its values in a cursor."""

    key: ColumnElement[Any]
    descending: bool
    key_type: type = int


ORDERS = {
    Sort.POPULAR: Order(Book.rating_count.expression, descending=True),
    Sort.NEWEST: Order(Book.sort_year.expression, descending=True),
    Sort.OLDEST: Order(Book.sort_year.expression, descending=False),
    Sort.CHEAPEST: Order(Book.price_cents.expression, descending=False),
    Sort.DEAREST: Order(Book.price_cents.expression, descending=True),
    Sort.TITLE: Order(Book.sort_title.expression, descending=False, key_type=str),
}


@dataclass(frozen=True)
class Page:
    """Rows, and the cursor of the page after them, None on the last."""

    rows: Sequence[Row[Any]]
    next_cursor: str | None


def book(session: ReadSession, isbn13: str) -> Row[Any] | None:
    """A book whole, on sale or not."""
    return session.execute(select(*WHOLE).where(Book.isbn13 == isbn13)).one_or_none()


def books(session: ReadSession, query: BookQuery) -> Page:
    """One page of the books on sale that the query describes; raises BadRequest for a forged cursor."""
    found_isbn = as_isbn(query.q)
    words = "" if found_isbn else query.q
    sort = query.sort or (Sort.RELEVANCE if words else Sort.POPULAR)
    if sort is Sort.RELEVANCE and not words:
        sort = Sort.POPULAR
    matching = [Book.active, *_filters(query)]
    if found_isbn:
        matching.append(Book.isbn13 == found_isbn)
    if not words:
        return _page(session, select(*SUMMARY).where(*matching), sort, ORDERS[sort], query)
    hits = select(Book.id).where(*matching, matches(words)).limit(SEARCH_CANDIDATES).cte("hits")
    hits = hits.prefix_with("MATERIALIZED")
    order = Order(_relevance(words), descending=True) if sort is Sort.RELEVANCE else ORDERS[sort]
    return _page(session, select(*SUMMARY).join(hits, hits.c.id == Book.id), sort, order, query)


def _terms(words: ColumnElement[str] | str) -> ColumnElement[Any]:
    return func.websearch_to_tsquery(text("'bookstore'"), func.fold(words))


def matches(words: ColumnElement[str] | str) -> ColumnElement[bool]:
    """Books with these words in title, authors or description; web-search syntax, and never a syntax error."""
    return Book.search.bool_op("@@")(_terms(words))


def _relevance(words: str) -> ColumnElement[int]:
    """Matches in the title alone, then in title and authors, then anywhere; in each the most rated first."""
    terms = _terms(words)
    tier = case(
        (func.ts_filter(Book.search, text("'{a}'")).bool_op("@@")(terms), 2),
        (func.ts_filter(Book.search, text("'{a,b}'")).bool_op("@@")(terms), 1),
        else_=0,
    )
    return cast(tier, BigInteger) * literal(2**31, BigInteger) + Book.rating_count


def _page(session: ReadSession, statement: Select[Any], sort: Sort, order: Order, query: BookQuery) -> Page:
    key = order.key.label("sort_key")
    statement = statement.add_columns(key)
    if query.cursor:
        last = pagination.decode(query.cursor, sort, order.key_type)
        statement = statement.where(pagination.beyond(order.key, Book.id, last, descending=order.descending))
    statement = pagination.after(statement, order.key, Book.id, descending=order.descending).limit(query.limit + 1)
    rows = session.execute(statement).all()
    if len(rows) <= query.limit:
        return Page(rows, None)
    last_row = rows[query.limit - 1]
    return Page(rows[: query.limit], pagination.encode(sort, last_row.sort_key, last_row.id))


def _filters(query: Filters) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if query.author is not None:
        written = select(BookAuthor.book_id).join(Author, Author.id == BookAuthor.author_id)
        wanted.append(Book.id.in_(written.where(Author.slug == query.author)))
    if query.language is not None:
        wanted.append(Book.language == query.language)
    if query.year_from is not None:
        wanted.append(Book.publication_year >= query.year_from)
    if query.year_to is not None:
        wanted.append(Book.publication_year <= query.year_to)
    if query.price_from is not None:
        wanted.append(Book.price_cents >= query.price_from)
    if query.price_to is not None:
        wanted.append(Book.price_cents <= query.price_to)
    if query.in_stock:
        wanted.append(Book.stock > 0)
    return wanted


def as_isbn(words: str) -> str | None:
    """The ISBN-13 where a search is for an ISBN."""
    try:
        return isbn.normalise(words)
    except isbn.InvalidISBN:
        return None


def authors(session: ReadSession, limit: int, cursor: str | None) -> Page:
    """One page of the authors, by slug; raises BadRequest for a forged cursor."""
    statement = select(Author.id, Author.name, Author.slug)
    if cursor:
        last = pagination.decode(cursor, "author", str)
        statement = statement.where(pagination.beyond(Author.slug.expression, Author.id, last, descending=False))
    rows = session.execute(statement.order_by(Author.slug, Author.id).limit(limit + 1)).all()
    if len(rows) <= limit:
        return Page(rows, None)
    return Page(rows[:limit], pagination.encode("author", rows[limit - 1].slug, rows[limit - 1].id))


def author(session: ReadSession, slug: str) -> Row[Any] | None:
    """An author by slug."""
    return session.execute(select(Author.id, Author.name, Author.slug).where(Author.slug == slug)).one_or_none()


def language_codes(session: ReadSession) -> list[str]:
    """The languages of the books on sale: one index look-up for each, however many books there are."""
    first = select(func.min(Book.language).label("code")).where(Book.active).cte("codes", recursive=True)
    later = select(func.min(Book.language)).where(Book.active, Book.language > first.c.code).scalar_subquery()
    codes = first.union_all(select(later).where(first.c.code.is_not(None)))
    return list(session.scalars(select(codes.c.code).where(codes.c.code.is_not(None))))
