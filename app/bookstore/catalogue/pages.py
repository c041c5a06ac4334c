"""The shop's pages: home, browse and search, a book, an author, all authors."""

import string
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import orjson
from flask import Blueprint, Response, current_app, redirect, render_template, request
from pydantic import ValidationError
from sqlalchemy import Row
from werkzeug.wrappers import Response as BaseResponse

from bookstore import covers, pagination, tuning
from bookstore.catalogue import browsing, queries, spelling
from bookstore.catalogue.isbn import to_isbn10
from bookstore.catalogue.schemas import BookPath, BookQuery, Sort
from bookstore.catalogue.slugs import slugify
from bookstore.db import reading
from bookstore.errors import NotFound
from bookstore.formats import amount

pages = Blueprint("catalogue", __name__)

AUTHORS_PER_PAGE = 120
# The first character after z: where the other alphabets begin.
OTHER_ALPHABETS = "{"


@pages.get("/")
def home() -> str:
    """New and most rated books, and ways into the rest."""
    with reading() as session:
        newest = queries.books(session, BookQuery(sort=Sort.NEWEST, in_stock=True, limit=queries.SHELF))
        popular = queries.books(session, BookQuery(sort=Sort.POPULAR, in_stock=True, limit=queries.SHELF * 2))
        languages = queries.language_codes(session)
    return render_template(
        "home.html",
        newest=newest.rows,
        popular=popular.rows,
        languages=languages,
        themes=browsing.themes(_currency()),
    )


@pages.get("/books")
def browse() -> str:
    """Browse, filter, sort and search."""
    asked = browsing.read(request.args, _currency())
    query = asked.query
    with reading() as session:
        author = queries.author(session, query.author) if query.author else None
        if query.author and author is None:
            asked.mistakes["author"] = "We have no author of exactly this name: try the search above."
            query.author = None
        page = queries.books(session, query)
        suggestion = spelling.suggest(session, query) if query.q and not page.rows and not query.cursor else None
        languages = queries.language_codes(session)
        others = () if page.rows else queries.books(session, BookQuery(in_stock=True, limit=queries.SHELF)).rows
    author_name = author.name if author else None
    return render_template(
        "books.html",
        asked=asked,
        query=query,
        heading=browsing.heading(query, author_name),
        chips=browsing.chips(asked, author_name, _currency()),
        books=page.rows,
        others=others,
        next_url=asked.url(cursor=page.next_cursor) if page.next_cursor else None,
        suggestion=suggestion,
        suggestion_url=asked.url("cursor", q=suggestion),
        author=author,
        languages=languages,
        sort=query.sort or (Sort.RELEVANCE if query.q else Sort.POPULAR),
        sort_labels=browsing.SORT_LABELS,
    )


@pages.get("/books/<isbn>")
@pages.get("/books/<isbn>/<slug>")
def book(isbn: str, slug: str | None = None) -> str | BaseResponse:
    """One book; any other spelling of its address leads to the one with its slug."""
    isbn13 = _validated_isbn(isbn)
    with reading() as session:
        row = queries.book_page(session, isbn13)
    if row is None or not row.active:
        raise NotFound("We do not have this book. It may have gone out of print.")
    if (isbn, slug) != (row.isbn13, row.slug):
        return redirect(f"/books/{row.isbn13}/{row.slug}", 301)
    fingerprint = orjson.dumps((request.base_url, *row), default=str)
    return _keeping(tuning.current().cache_max_entries)(BookPage(fingerprint, row))


@dataclass(frozen=True)
class BookPage:
    """All that a book's page is made of: two with one fingerprint are the same page."""

    fingerprint: bytes
    book: Row[Any] = field(compare=False)


@lru_cache(maxsize=1)
def _keeping(pages: int) -> Callable[[BookPage], str]:
    """What gives a book's page and keeps so many, about 12 kB each; another number begins anew."""
    return lru_cache(maxsize=pages)(_book_page)


def _book_page(page: BookPage) -> str:
    """The page as HTML. The key is the data itself, so that what is kept is never stale."""
    book = page.book
    price = amount(book.price_cents, book.currency)
    return render_template("book.html", book=book, isbn10=to_isbn10(book.isbn13), price=price, more=book.more)


def _validated_isbn(text: str) -> str:
    try:
        return BookPath(isbn=text).isbn
    except ValidationError as error:
        raise NotFound("This is not the number of a book: check the address.") from error


@pages.get("/authors")
def authors() -> str:
    """All authors, by the name in their address; `from` starts at a letter."""
    start = request.args.get("from", "").strip()
    if start and start != OTHER_ALPHABETS:
        start = slugify(start)
    cursor = request.args.get("cursor") or (pagination.encode("author", start, 0) if start else None)
    with reading() as session:
        page = queries.authors(session, AUTHORS_PER_PAGE, cursor)
    letters = [(letter.upper(), letter) for letter in string.ascii_lowercase] + [("Other alphabets", OTHER_ALPHABETS)]
    return render_template(
        "authors.html", authors=page.rows, next_cursor=page.next_cursor, letters=letters, start=start, first=not cursor
    )


@pages.get("/authors/<slug>")
def author(slug: str) -> str:
    """An author and the books, the most rated first."""
    with reading() as session:
        row = queries.author(session, slug)
        if row is None:
            raise NotFound("We have no books by this author.")
        page = queries.books(session, BookQuery(author=slug, limit=browsing.PER_PAGE))
    return render_template("author.html", author=row, books=page.rows, next_cursor=page.next_cursor)


@pages.get("/covers/<isbn>.svg")
def cover(isbn: str) -> BaseResponse:
    """The drawn cover of a book that has no picture, for other shops and previews."""
    with reading() as session:
        row = queries.book(session, _validated_isbn(isbn))
    if row is None or not row.active:
        raise NotFound("We do not have this book.")
    response = Response(covers.draw(row.title, row.byline), mimetype="image/svg+xml")
    response.add_etag()
    return response.make_conditional(request)


def _currency() -> str:
    return str(current_app.config["SETTINGS"].currency)
