"""The shop's pages: home, browse and search, a book, an author, all authors."""

import string
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import orjson
from flask import Blueprint, Response, current_app, redirect, render_template, request
from pydantic import ValidationError
from werkzeug.wrappers import Response as BaseResponse

from bookstore import covers, pagination, tuning
from bookstore.catalogue import browsing, kept, queries, spelling
from bookstore.catalogue.isbn import to_isbn10
from bookstore.catalogue.schemas import BookPath, BookQuery, Sort
from bookstore.catalogue.slugs import slugify
from bookstore.db import ReadSession, reading
from bookstore.errors import NotFound
from bookstore.formats import amount
from bookstore.i18n import gettext

pages = Blueprint("catalogue", __name__)

AUTHORS_PER_PAGE = 120
# The first character after z: where the other alphabets begin.
OTHER_ALPHABETS = "{"


@dataclass(frozen=True)
class Page:
    """All that a page is made of: its template's function, its address, and its data. Equal ones are the same page.

    The address says the language, too.
    """

    draw: Callable[[Any], str]
    address: str
    data: bytes


@lru_cache(maxsize=1)
def _keeping(pages: int) -> Callable[[Page], str]:
    """What gives a page and keeps so many, of 12 to 40 kB each; another number begins anew."""
    return lru_cache(maxsize=pages)(_drawn)


def _drawn(page: Page) -> str:
    """The page as HTML. The key is the data itself, so that what is kept is never stale."""
    return page.draw(orjson.loads(page.data))


def _page(draw: Callable[[Any], str], data: bytes) -> str:
    return _keeping(tuning.current().cache_max_entries)(Page(draw, request.base_url, data))


@pages.get("/")
def home() -> str:
    """New and most rated books, and ways into the rest."""
    return _page(_draw_home, kept.books("home", "", _read_home))


def _read_home(session: ReadSession) -> dict[str, Any]:
    newest = queries.books(session, BookQuery(sort=Sort.NEWEST, in_stock=True, limit=queries.SHELF))
    popular = queries.books(session, BookQuery(sort=Sort.POPULAR, in_stock=True, limit=queries.SHELF * 2))
    return {"newest": newest.rows, "popular": popular.rows, "book_languages": queries.language_codes(session)}


def _draw_home(data: dict[str, Any]) -> str:
    return render_template("home.html", themes=browsing.themes(_currency()), **data)


@pages.get("/books")
def browse() -> str:
    """Browse, filter, sort and search."""
    asked = browsing.read(request.args, _currency())
    query = asked.query
    data = orjson.loads(kept.books("browse", query.model_dump_json(), partial(_read_browse, query)))
    author, books, next_cursor = data["author"], data["books"], data["next_cursor"]
    if query.author and author is None:
        asked.mistakes["author"] = gettext("We have no author of exactly this name: try the search above.")
        query.author = None
    return render_template(
        "books.html",
        asked=asked,
        query=query,
        heading=browsing.heading(query, author),
        chips=browsing.chips(asked, author, _currency()),
        books=books,
        others=data["others"],
        next_url=asked.url(cursor=next_cursor) if next_cursor else None,
        suggestion=data["suggestion"],
        suggestion_url=asked.url("cursor", q=data["suggestion"]),
        book_languages=data["book_languages"],
        sort=query.sort or (Sort.RELEVANCE if query.q else Sort.POPULAR),
        sort_labels=browsing.SORT_LABELS,
    )


def _read_browse(query: BookQuery, session: ReadSession) -> dict[str, Any]:
    """What the page shows; of an author whom nobody knows, as if none were asked for."""
    author = queries.author(session, query.author) if query.author else None
    if author is None:
        query = query.model_copy(update={"author": None})
    page = queries.books(session, query)
    return {
        "author": author.name if author else None,
        "books": page.rows,
        "next_cursor": page.next_cursor,
        "suggestion": spelling.suggest(session, query) if query.q and not page.rows and not query.cursor else None,
        "book_languages": queries.language_codes(session),
        "others": () if page.rows else queries.books(session, BookQuery(in_stock=True, limit=queries.SHELF)).rows,
    }


@pages.get("/books/<isbn>")
@pages.get("/books/<isbn>/<slug>")
def book(isbn: str, slug: str | None = None) -> str | BaseResponse:
    """One book; any other spelling of its address leads to the one with its slug."""
    isbn13 = _validated_isbn(isbn)
    data = kept.book("page", isbn13, partial(_read_book, isbn13))
    if not data:
        raise NotFound(gettext("We do not have this book. It may have gone out of print."))
    # The address, and what is at it: looked at in each request, so not as JSON.
    right_slug, _, data = data.partition(b"\n")
    if (isbn, slug) != (isbn13, right_slug.decode()):
        return redirect(f"/books/{isbn13}/{right_slug.decode()}", 301)
    return _page(_draw_book, data)


def _read_book(isbn13: str, session: ReadSession) -> bytes | None:
    row = queries.book_page(session, isbn13)
    if row is None or not row.active:
        return None
    return b"%s\n%s" % (row.slug.encode(), kept.json(row))


def _draw_book(book: dict[str, Any]) -> str:
    price = amount(book["price_cents"], book["currency"])
    return render_template("book.html", book=book, isbn10=to_isbn10(book["isbn13"]), price=price, more=book["more"])


def _validated_isbn(text: str) -> str:
    try:
        return BookPath(isbn=text).isbn
    except ValidationError as error:
        raise NotFound(gettext("This is not the number of a book: check the address.")) from error


@pages.get("/authors")
def authors() -> str:
    """All authors, by the name in their address; `from` starts at a letter."""
    start = request.args.get("from", "").strip()
    if start and start != OTHER_ALPHABETS:
        start = slugify(start)
    cursor = request.args.get("cursor") or (pagination.encode("author", start, 0) if start else None)
    data = orjson.loads(kept.authors("list", cursor or "", partial(_read_authors, cursor)))
    letters = [(letter.upper(), letter) for letter in string.ascii_lowercase] + [
        (gettext("Other alphabets"), OTHER_ALPHABETS)
    ]
    return render_template("authors.html", letters=letters, start=start, first=not cursor, **data)


def _read_authors(cursor: str | None, session: ReadSession) -> dict[str, Any]:
    page = queries.authors(session, AUTHORS_PER_PAGE, cursor)
    return {"authors": page.rows, "next_cursor": page.next_cursor}


@pages.get("/authors/<slug>")
def author(slug: str) -> str:
    """An author and the books, the most rated first."""
    data = kept.books("author", slug, partial(_read_author, slug))
    if not data:
        raise NotFound(gettext("We have no books by this author."))
    return _page(_draw_author, data)


def _read_author(slug: str, session: ReadSession) -> dict[str, Any] | None:
    row = queries.author(session, slug)
    if row is None:
        return None
    page = queries.books(session, BookQuery(author=slug, limit=browsing.PER_PAGE))
    return {"author": row, "books": page.rows, "next_cursor": page.next_cursor}


def _draw_author(data: dict[str, Any]) -> str:
    return render_template("author.html", **data)


@pages.get("/covers/<isbn>.svg")
def cover(isbn: str) -> BaseResponse:
    """The drawn cover of a book that has no picture, for other shops and previews."""
    with reading() as session:
        row = queries.book(session, _validated_isbn(isbn))
    if row is None or not row.active:
        raise NotFound(gettext("We do not have this book."))
    response = Response(covers.draw(row.title, row.byline), mimetype="image/svg+xml")
    response.add_etag()
    return response.make_conditional(request)


def _currency() -> str:
    return str(current_app.config["SETTINGS"].currency)
