"""All reviews of a book, and below /account those of the customer."""

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from bookstore import tuning
from bookstore.catalogue import queries as catalogue
from bookstore.customers.current import require_customer
from bookstore.db import reading, unit_of_work
from bookstore.errors import NotFound, TooManyRequests
from bookstore.i18n import gettext, gettext_noop
from bookstore.identity.forms import given, mistakes
from bookstore.reviews import queries, service
from bookstore.reviews.models import ReviewState
from bookstore.reviews.schemas import ReviewIn

pages = Blueprint("reviews", __name__)
own_pages = Blueprint("customer_reviews", __name__, url_prefix="/account/reviews")
LABELS = {
    ReviewState.PENDING: gettext_noop("Waits until we have read it"),
    ReviewState.APPROVED: gettext_noop("Shown on the book's page"),
    ReviewState.REJECTED: gettext_noop("Not shown"),
}


@pages.after_request
def say_who_may_keep_it(response: Response) -> Response:
    """As with every page of the catalogue."""
    response.headers.setdefault("Cache-Control", f"public, max-age={tuning.current().cache_ttl_seconds}")
    return response


@pages.get("/books/<isbn>/<slug>/reviews")
def of_book(isbn: str, slug: str) -> str | BaseResponse:
    """All reviews of a book, the newest first."""
    isbn13, cursor = catalogue.as_isbn(isbn), request.args.get("cursor")
    with reading() as session:
        book = catalogue.book_page(session, isbn13) if isbn13 else None
        if book is None or not book.active:
            raise NotFound(gettext("We do not have this book. It may have gone out of print."))
        if (isbn, slug) != (book.isbn13, book.slug):
            return redirect(f"/books/{book.isbn13}/{book.slug}/reviews", 301)
        page = queries.approved(session, book.isbn13, queries.PER_PAGE, cursor)
    return render_template("reviews/of_book.html", book=book, reviews=page.rows, next_cursor=page.next_cursor)


@own_pages.get("")
def list_own() -> str:
    """What the customer has bought, and has written of it."""
    return _own()


@own_pages.get("/<isbn>")
def form(isbn: str) -> str | tuple[str, int]:
    """The form for a book's review, with what was written before."""
    customer = require_customer()
    with reading() as session:
        book = queries.bought(session, customer.id, isbn)
    if book is None:
        # The book's page shows everybody the way here.
        return _own(gettext(service.NOT_BOUGHT)), 404
    kept = {"rating": str(book.rating or ""), "name": book.name or customer.name.split()[0], "body": book.body or ""}
    return _form(isbn, kept, {})


@own_pages.post("/<isbn>")
def write(isbn: str) -> BaseResponse | tuple[str, int]:
    """Keep a review; it is shown once the staff has read it."""
    customer = require_customer()
    typed = given("rating", "name", "body")
    wanted, errors = mistakes(ReviewIn, typed)
    if wanted is None:
        return _form(isbn, typed, errors), 422
    try:
        with unit_of_work() as session:
            service.count(session, customer.id)
    except TooManyRequests as problem:
        return _form(isbn, typed, {"body": problem.detail}), 429
    with unit_of_work() as session:
        service.write(session, customer.id, isbn, wanted)
    return redirect("/account/reviews", 303)


@own_pages.post("/<isbn>/delete")
def delete(isbn: str) -> BaseResponse:
    """Take a review away."""
    customer = require_customer()
    with unit_of_work() as session:
        service.remove(session, customer.id, isbn)
    return redirect("/account/reviews", 303)


def _own(problem: str | None = None) -> str:
    customer = require_customer()
    with reading() as session:
        page = queries.all_bought(session, customer.id, request.args.get("cursor"))
    return render_template(
        "reviews/own.html", books=page.rows, next_cursor=page.next_cursor, labels=LABELS, problem=problem
    )


def _form(isbn: str, typed: dict[str, str], errors: dict[str, str]) -> str:
    customer = require_customer()
    with reading() as session:
        book = queries.bought(session, customer.id, isbn)
    if book is None:
        raise NotFound(gettext(service.NOT_BOUGHT))
    return render_template("reviews/form.html", book=book, given=typed, errors=errors, labels=LABELS)
