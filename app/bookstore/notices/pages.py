"""Asking to hear when a book is back in stock, confirming it, and ending it.

A link in a mail shows a page with a button: programs that follow every link in a mail neither confirm nor end anything.
"""

from typing import Any

from flask import Blueprint, redirect, render_template
from sqlalchemy import Row
from werkzeug.wrappers import Response as BaseResponse

from bookstore.catalogue import queries as catalogue
from bookstore.customers.schemas import EmailIn
from bookstore.db import reading, unit_of_work
from bookstore.errors import NotFound, TooManyRequests
from bookstore.i18n import current, gettext
from bookstore.identity.forms import given, mistakes
from bookstore.notices import links, service

pages = Blueprint("notices", __name__)


@pages.post("/books/<isbn>/notice")
def ask(isbn: str) -> str | tuple[str, int] | BaseResponse:
    """Mail a link to confirm the wish; the answer is the same whoever has asked before."""
    book = _book(catalogue.as_isbn(isbn))
    if book.stock:
        return redirect(_path(book), 303)
    typed = given("email")
    wanted, errors = mistakes(EmailIn, typed)
    if wanted is None:
        return render_template("notices/ask.html", book=book, given=typed, errors=errors), 422
    try:
        with unit_of_work() as session:
            service.ask(session, book, wanted.email, current())
    except TooManyRequests as problem:
        errors = {"email": problem.detail}
        return render_template("notices/ask.html", book=book, given=typed, errors=errors), 429
    return render_template("notices/mailed.html", book=book, email=wanted.email)


@pages.get("/notices/confirm/<token>")
def confirm_form(token: str) -> str:
    """The button that says yes."""
    isbn13, email = links.confirmed(token)
    return render_template("notices/confirm.html", book=_book(isbn13), email=email, token=token, done=False)


@pages.post("/notices/confirm/<token>")
def confirm(token: str) -> str | BaseResponse:
    """Keep the wish, unless the book is back already."""
    isbn13, email = links.confirmed(token)
    book = _book(isbn13)
    if book.stock:
        return redirect(_path(book), 303)
    with unit_of_work() as session:
        service.add(session, book.id, email, current())
    return render_template("notices/confirm.html", book=book, email=email, token=token, done=True)


@pages.get("/notices/stop/<token>")
def stop_form(token: str) -> str:
    """The button that ends it."""
    return render_template("notices/stop.html", email=links.stopping(token), token=token, done=False)


@pages.post("/notices/stop/<token>")
def stop(token: str) -> str:
    """Forget every wish of the address."""
    email = links.stopping(token)
    with unit_of_work() as session:
        service.stop(session, email)
    return render_template("notices/stop.html", email=email, token=token, done=True)


def _book(isbn13: str | None) -> Row[Any]:
    with reading() as session:
        row = catalogue.book(session, isbn13) if isbn13 else None
    if row is None or not row.active:
        raise NotFound(gettext("We do not have this book. It may have gone out of print."))
    return row


def _path(book: Row[Any]) -> str:
    return f"/books/{book.isbn13}/{book.slug}"
