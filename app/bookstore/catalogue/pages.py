"""The shop's pages: home, browse and search, a book, an author."""

from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from pydantic import ValidationError
from werkzeug.wrappers import Response as BaseResponse

from bookstore import covers
from bookstore.catalogue import queries, spelling
from bookstore.catalogue.isbn import to_isbn10
from bookstore.catalogue.schemas import BookPath, BookQuery, Sort
from bookstore.db import reading
from bookstore.errors import NotFound

pages = Blueprint("catalogue", __name__)

SHELF = 6
PER_PAGE = 24
SORT_LABELS = {
    Sort.RELEVANCE: "Best match",
    Sort.POPULAR: "Most rated",
    Sort.NEWEST: "Newest first",
    Sort.OLDEST: "Oldest first",
    Sort.CHEAPEST: "Price, low to high",
    Sort.DEAREST: "Price, high to low",
    Sort.TITLE: "Title, A to Z",
}


@pages.get("/")
def home() -> str:
    """New and most rated books."""
    with reading() as session:
        newest = queries.books(session, BookQuery(sort=Sort.NEWEST, in_stock=True, limit=SHELF))
        popular = queries.books(session, BookQuery(sort=Sort.POPULAR, in_stock=True, limit=SHELF * 2))
    return render_template("home.html", newest=newest.rows, popular=popular.rows)


@pages.get("/books")
def browse() -> str:
    """Browse, filter, sort and search."""
    query, mistakes = _read_query()
    with reading() as session:
        page = queries.books(session, query)
        suggestion = spelling.suggest(session, query.q) if query.q and not page.rows and not query.cursor else None
        languages = queries.language_codes(session)
        author = queries.author(session, query.author) if query.author else None
    return render_template(
        "books.html",
        query=query,
        mistakes=mistakes,
        books=page.rows,
        next_url=_with(cursor=page.next_cursor) if page.next_cursor else None,
        suggestion=suggestion,
        suggestion_url=_with(q=suggestion, cursor=None) if suggestion else None,
        author=author,
        languages=languages,
        sort=query.sort or (Sort.RELEVANCE if query.q else Sort.POPULAR),
        sort_labels=SORT_LABELS,
    )


def _read_query() -> tuple[BookQuery, dict[str, str]]:
    """The query in the address and, by field, what is wrong with the parts of it that are left out."""
    given: dict[str, Any] = {name: value for name, value in request.args.items() if value and name != "limit"}
    try:
        return BookQuery.model_validate({**given, "limit": PER_PAGE}), {}
    except ValidationError as error:
        mistakes = {
            str(item["loc"][0]) if item["loc"] else "": item["msg"].removeprefix("Value error, ")
            for item in error.errors(include_url=False, include_input=False)
        }
    # Ranges in the wrong order name no field: leave all of them out.
    wrong = set(mistakes) | ({name for name in given if name.endswith(("_from", "_to"))} if "" in mistakes else set())
    kept = {name: value for name, value in given.items() if name not in wrong}
    return BookQuery.model_validate({**kept, "limit": PER_PAGE}), mistakes


def _with(**changes: str | None) -> str:
    """This page's address with some parameters changed, None taking one away."""
    parameters = {**request.args.to_dict(), **changes}
    return url_for("catalogue.browse", **{name: value for name, value in parameters.items() if value})


@pages.get("/books/<isbn>")
@pages.get("/books/<isbn>/<slug>")
def book(isbn: str, slug: str | None = None) -> str | BaseResponse:
    """One book; any other spelling of its address leads to the one with its slug."""
    isbn13 = _validated_isbn(isbn)
    with reading() as session:
        row = queries.book(session, isbn13)
        if row is None or not row.active:
            raise NotFound("We do not have this book. It may have gone out of print.")
        if (isbn, slug) != (row.isbn13, row.slug):
            return redirect(url_for("catalogue.book", isbn=row.isbn13, slug=row.slug), 301)
        first_author = row.authors[0]["slug"]
        more = queries.books(session, BookQuery(author=first_author, limit=SHELF + 1)).rows
    more = [other for other in more if other.isbn13 != isbn13][:SHELF]
    return render_template("book.html", book=row, isbn10=to_isbn10(isbn13), more=more)


def _validated_isbn(text: str) -> str:
    try:
        return BookPath(isbn=text).isbn
    except ValidationError as error:
        raise NotFound("This is not the number of a book: check the address.") from error


@pages.get("/authors/<slug>")
def author(slug: str) -> str:
    """An author and the books, the most rated first."""
    with reading() as session:
        row = queries.author(session, slug)
        if row is None:
            raise NotFound("We have no books by this author.")
        page = queries.books(session, BookQuery(author=slug, limit=PER_PAGE))
    more_url = url_for("catalogue.browse", author=slug, cursor=page.next_cursor) if page.next_cursor else None
    return render_template("author.html", author=row, books=page.rows, more_url=more_url)


@pages.get("/covers/<isbn>.svg")
def cover(isbn: str) -> Response:
    """The drawn cover of a book that has no picture, for other shops and previews."""
    with reading() as session:
        row = queries.book(session, _validated_isbn(isbn))
    if row is None:
        raise NotFound("We do not have this book.")
    response = Response(covers.draw(row.title, row.byline), mimetype="image/svg+xml")
    response.add_etag()
    return response.make_conditional(request)
