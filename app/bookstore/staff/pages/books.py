"""/staff/books: the catalogue, book by book."""

from collections.abc import Mapping

from flask import Blueprint, current_app, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from bookstore.catalogue import queries, service
from bookstore.db import ReadSession, reading, unit_of_work
from bookstore.errors import Conflict, NotFound
from bookstore.staff import book_form, book_queries, forms, guard
from bookstore.staff.book_form import BookForm, NewBookForm
from bookstore.staff.roles import Role

pages = Blueprint("staff_books", __name__, url_prefix="/staff/books")
PER_PAGE = 50
# What can be chosen, and what it asks of a book.
SALE = {"": None, "on": True, "off": False}
CHANGED = (
    "This book has changed since you opened it, and nothing of yours is saved yet. Your text is below, as you left it: "
    "compare it with what is kept now, and save again."
)


@pages.get("")
def list_books() -> str:
    """The books, searched and filtered."""
    search = request.args.get("find", "").strip()[:200]
    sale = request.args.get("sale", "")
    with reading() as session:
        page = book_queries.books(session, search, SALE.get(sale), PER_PAGE, request.args.get("cursor"))
    following = forms.address("/staff/books", find=search, sale=sale, cursor=page.next_cursor)
    return render_template(
        "staff/books.html",
        books=page.rows,
        given={"find": search},
        sale=sale,
        next_url=following if page.next_cursor else None,
    )


@pages.get("/new")
def new() -> str:
    """The form for a new book."""
    return _new({"currency": current_app.config["SETTINGS"].currency, "active": "yes"}, {})


@pages.post("")
def add() -> BaseResponse | tuple[str, int]:
    """Add a book, of which there are no copies yet."""
    typed = book_form.typed()
    wanted, errors = book_form.read(NewBookForm, typed)
    if not isinstance(wanted, NewBookForm):
        return _new(typed, errors), 422
    try:
        with unit_of_work() as session:
            service.create_book(session, wanted.isbn, wanted.changes() | {"stock": 0})
    except Conflict as problem:
        return _new(typed, {"isbn": problem.detail}), 409
    return redirect(f"/staff/books/{wanted.isbn}", 303)


@pages.get("/<isbn>")
def show(isbn: str) -> str:
    """The form of a book."""
    return _edit(forms.isbn_of(isbn))


@pages.post("/<isbn>")
def save(isbn: str) -> BaseResponse | tuple[str, int]:
    """Change a book, unless another has changed it since the form was opened."""
    isbn13, typed = forms.isbn_of(isbn), book_form.typed()
    wanted, errors = book_form.read(BookForm, typed)
    if wanted is None:
        return _edit(isbn13, typed, errors), 422
    with unit_of_work() as session:
        book = service.locked_book(session, isbn13)
        now = _shown(session, isbn13)
        is_current = request.form.get("seen") == book_form.fingerprint(now)
        if is_current:
            service.change_book(session, book, wanted.changes())
    if not is_current:
        return _edit(isbn13, typed, theirs=now), 409
    return redirect(f"/staff/books/{isbn13}", 303)


@pages.post("/<isbn>/sale")
def sell(isbn: str) -> BaseResponse:
    """Put a book on sale, or take it off."""
    isbn13, active = forms.isbn_of(isbn), bool(request.form.get("active"))
    with unit_of_work() as session:
        service.change_book(session, service.locked_book(session, isbn13), {"active": active})
    return redirect(f"/staff/books/{isbn13}", 303)


@pages.post("/<isbn>/delete")
def delete(isbn: str) -> BaseResponse | tuple[str, int]:
    """Remove a book that was never ordered, for good."""
    guard.require(Role.MANAGER)
    isbn13 = forms.isbn_of(isbn)
    try:
        with unit_of_work() as session:
            service.delete_book(session, service.locked_book(session, isbn13))
    except Conflict:
        reason = "This book has been ordered, so that its name is needed: take it off sale instead."
        return _edit(isbn13, problem=reason), 409
    return redirect("/staff/books", 303)


def _shown(session: ReadSession | Session, isbn13: str) -> dict[str, str]:
    reader = ReadSession(session.connection()) if isinstance(session, Session) else session
    row = queries.book(reader, isbn13)
    if row is None:
        raise NotFound(service.NO_SUCH_BOOK)
    return book_form.shown(row)


def _new(typed: Mapping[str, str], errors: Mapping[str, str]) -> str:
    return render_template("staff/book_new.html", given=typed, errors=errors, seen=None)


def _edit(
    isbn13: str,
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    theirs: Mapping[str, str] | None = None,
    problem: str | None = None,
) -> str:
    member = guard.require()
    with reading() as session:
        row = queries.book(session, isbn13)
    if row is None:
        raise NotFound(service.NO_SUCH_BOOK)
    now = book_form.shown(row)
    given = typed or now
    return render_template(
        "staff/book.html",
        book=row,
        given=given,
        errors=errors or {},
        # After mistakes the form stays as old as it is; after a conflict it has shown what is kept now.
        seen=book_form.fingerprint(theirs or now) if theirs or not typed else request.form.get("seen", ""),
        theirs=[
            (label, theirs[name]) for name, label in book_form.LABELS.items() if theirs[name] != given[name].strip()
        ]
        if theirs
        else [],
        problem=CHANGED if theirs else problem,
        may_delete=member.may(Role.MANAGER),
    )
