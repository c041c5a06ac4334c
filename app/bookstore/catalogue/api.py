"""/api/v1/books and /api/v1/authors."""

from functools import partial
from typing import Any

from flask import g, request, url_for
from sqlalchemy import Row
from sqlalchemy.orm import Session

from bookstore.catalogue import isbn, kept, queries, service, spelling
from bookstore.catalogue.schemas import (
    AuthorOut,
    AuthorPage,
    AuthorPath,
    AuthorQuery,
    BookIn,
    BookOut,
    BookPage,
    BookPatch,
    BookPath,
    BookQuery,
    BookReplacement,
    BookSummary,
)
from bookstore.db import ReadSession, reading
from bookstore.errors import BadRequest, Conflict, Forbidden, NotFound, Unauthorized
from bookstore.stock import service as stock
from bookstore.stock.models import Reason
from bookstore.web import Api, Reply, authorize, next_page, require_match

api = Api("catalogue_api", __name__, url_prefix="/api/v1")
SCOPE = "catalogue"


def summary(row: Row[Any]) -> BookSummary:
    """A row of queries.SUMMARY as the API shows it."""
    return BookSummary.model_validate(_fields(row))


def whole(row: Row[Any]) -> BookOut:
    """A row of queries.WHOLE as the API shows it."""
    return BookOut.model_validate(_fields(row) | {"isbn10": isbn.to_isbn10(row.isbn13)})


def _fields(row: Row[Any]) -> dict[str, Any]:
    fields = dict(row._mapping)  # noqa: SLF001  # public in all but name
    fields["authors"] = fields["authors"] or []
    fields["cover_url"] = fields["cover_url"] or f"/covers/{row.isbn13}.svg"
    return fields


@api.operation("GET", "/books", answer=BookPage, errors=[BadRequest])
def list_books(query: BookQuery) -> Reply:
    """List, filter and search the books on sale.

    Pages are keyset pages: follow `next` (or the Link header) until it is null.
    """
    return _list(kept.books("api", request.full_path, partial(_list_books, query)))


def _list_books(query: BookQuery, session: ReadSession) -> bytes:
    page = queries.books(session, query)
    suggestion = spelling.suggest(session, query) if query.q and not page.rows and not query.cursor else None
    following = next_page(page.next_cursor)
    return _linked(BookPage(items=[summary(row) for row in page.rows], next=following, did_you_mean=suggestion))


@api.operation("GET", "/books/<isbn>", answer=BookOut, errors=[NotFound, Unauthorized, Forbidden])
def read_book(path: BookPath) -> Reply:
    """Read one book; one that is not on sale needs a token with the scope `catalogue`."""
    if "Authorization" in request.headers:
        return Reply(_read_with_token(path.isbn))
    found = kept.book("api", path.isbn, partial(_book_on_sale, path.isbn))
    if not found:
        raise NotFound(service.NO_SUCH_BOOK)
    return Reply(found)


def _book_on_sale(isbn13: str, session: ReadSession) -> bytes | None:
    row = queries.book(session, isbn13)
    return whole(row).model_dump_json().encode() if row is not None and row.active else None


def _read_with_token(isbn13: str) -> BookOut:
    with reading() as session:
        found = _read(session, isbn13)
        if not found.active:
            authorize(SCOPE)
    return found


@api.operation("POST", "/books", answer=BookOut, status=201, scope=SCOPE, errors=[Conflict])
def create_book(session: Session, body: BookIn) -> Reply:
    """Add a book."""
    stock.explain(session, Reason.RECEIVED, actor=g.actor)
    service.create_book(session, body.isbn, body.changes())
    location = url_for("catalogue_api.read_book", isbn=body.isbn)
    return Reply(_current(session, body.isbn), 201, {"Location": location})


@api.operation("PUT", "/books/<isbn>", answer=BookOut, scope=SCOPE, conditional=True, errors=[NotFound])
def replace_book(session: Session, path: BookPath, body: BookReplacement) -> BookOut:
    """Replace every field of a book."""
    return _change(session, path.isbn, body.changes())


@api.operation("PATCH", "/books/<isbn>", answer=BookOut, scope=SCOPE, conditional=True, errors=[NotFound])
def update_book(session: Session, path: BookPath, body: BookPatch) -> BookOut:
    """Change some fields of a book (RFC 7396)."""
    return _change(session, path.isbn, body.changes())


@api.operation("DELETE", "/books/<isbn>", status=204, scope=SCOPE, conditional=True, errors=[NotFound, Conflict])
def delete_book(session: Session, path: BookPath) -> None:
    """Remove a book for good; to stop its sale, set `active` to false instead."""
    book = service.locked_book(session, path.isbn)
    require_match(_current(session, path.isbn))
    service.delete_book(session, book)


@api.operation("GET", "/authors", answer=AuthorPage, errors=[BadRequest])
def list_authors(query: AuthorQuery) -> Reply:
    """List the authors by name in their address."""
    return _list(kept.authors("api", request.full_path, partial(_list_authors, query)))


def _list_authors(query: AuthorQuery, session: ReadSession) -> bytes:
    page = queries.authors(session, query.limit, query.cursor)
    items = [AuthorOut(name=row.name, slug=row.slug) for row in page.rows]
    return _linked(AuthorPage(items=items, next=next_page(page.next_cursor)))


@api.operation("GET", "/authors/<slug>", answer=AuthorOut, errors=[NotFound])
def read_author(path: AuthorPath) -> Reply:
    """Read one author; the books are at `/books?author=<slug>`."""
    found = kept.authors("api", request.path, partial(_read_author, path.slug))
    if not found:
        raise NotFound("No author with this name in the address.")
    return Reply(found)


def _read_author(slug: str, session: ReadSession) -> bytes | None:
    row = queries.author(session, slug)
    return AuthorOut(name=row.name, slug=row.slug).model_dump_json().encode() if row is not None else None


def _read(session: ReadSession, isbn13: str) -> BookOut:
    row = queries.book(session, isbn13)
    if row is None:
        raise NotFound(service.NO_SUCH_BOOK)
    return whole(row)


def _current(session: Session, isbn13: str) -> BookOut:
    return _read(ReadSession(session.connection()), isbn13)


def _change(session: Session, isbn13: str, changes: dict[str, Any]) -> BookOut:
    book = service.locked_book(session, isbn13)
    require_match(_current(session, isbn13))
    stock.explain(session, Reason.CORRECTED, actor=g.actor)
    service.change_book(session, book, changes)
    return _current(session, isbn13)


def _linked(page: BookPage | AuthorPage) -> bytes:
    """A page as it is kept: the next one's address on a line of its own, and the JSON."""
    return b"%s\n%s" % ((page.next or "").encode(), page.model_dump_json().encode())


def _list(data: bytes) -> Reply:
    """The answer, with the next page in the Link header, too (RFC 8288)."""
    following, _, body = data.partition(b"\n")
    return Reply(body, headers={"Link": f'<{following.decode()}>; rel="next"'} if following else {})
