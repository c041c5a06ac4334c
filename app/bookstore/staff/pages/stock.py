"""/staff/stock: what to order, and each book's ledger."""

from flask import Blueprint, current_app, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from bookstore.catalogue import isbn
from bookstore.catalogue.service import NO_SUCH_BOOK
from bookstore.db import reading, unit_of_work
from bookstore.errors import Conflict, NotFound
from bookstore.identity.forms import given
from bookstore.staff import forms, guard
from bookstore.stock import queries, service
from bookstore.stock.models import Reason
from bookstore.stock.schemas import MovementIn

pages = Blueprint("staff_stock", __name__, url_prefix="/staff/stock")
PER_PAGE = 50
SCARCE_SHOWN = 100
# What the two forms of a book do: the addresses they are sent to.
FORMS = {"receive": Reason.RECEIVED, "correct": Reason.CORRECTED}
ADVICE = {"quantity": "Write a whole number of copies, other than 0."}
LABELS = {
    Reason.OPENING: "Opening",
    Reason.RECEIVED: "Received",
    Reason.SOLD: "Sold",
    Reason.RETURNED: "Returned",
    Reason.IMPORTED: "Imported",
    Reason.CORRECTED: "Corrected",
}


@pages.get("")
def overview() -> str | BaseResponse | tuple[str, int]:
    """The books that run out, and the way to any book's ledger."""
    wanted = request.args.get("isbn", "").strip()
    errors = {}
    if wanted:
        try:
            return redirect(f"/staff/stock/{isbn.normalise(wanted)}", 303)
        except isbn.InvalidISBN as error:
            errors["isbn"] = f"It {error}."
    most = current_app.config["SETTINGS"].low_stock
    with reading() as session:
        rows, count = queries.low(session, most, SCARCE_SHOWN), queries.count_low(session, most)
    page = render_template(
        "staff/stock.html", books=rows, count=count, most=most, given={"isbn": wanted}, errors=errors
    )
    return (page, 422) if errors else page


@pages.get("/<isbn>")
def show(isbn: str) -> str:
    """A book's ledger, and the forms to change its stock."""
    return _page(forms.isbn_of(isbn), {}, {})


@pages.post("/<isbn>/<form>")
def move(isbn: str, form: str) -> BaseResponse | tuple[str, int]:
    """Receive copies, or correct how many there are."""
    member, isbn13 = guard.require(), forms.isbn_of(isbn)
    if form not in FORMS:
        raise NotFound("There is no such form.")
    typed = given("quantity", "reference")
    wanted, errors = forms.read(MovementIn, typed | {"reason": FORMS[form]}, ADVICE)
    if wanted is None:
        return _page(isbn13, typed, errors, form), 422
    try:
        with unit_of_work() as session:
            service.move(session, isbn13, wanted.quantity, wanted.reason, wanted.reference, member.actor)
    except Conflict as problem:
        return _page(isbn13, typed, {"quantity": problem.detail}, form), 409
    return redirect(f"/staff/stock/{isbn13}", 303)


def _page(isbn13: str, typed: dict[str, str], errors: dict[str, str], form: str = "") -> str:
    with reading() as session:
        book = queries.book(session, isbn13)
        if book is None:
            raise NotFound(NO_SUCH_BOOK)
        page = queries.movements(session, book.id, PER_PAGE, request.args.get("cursor"))
    following = forms.address(f"/staff/stock/{isbn13}", cursor=page.next_cursor) if page.next_cursor else None
    return render_template(
        "staff/ledger.html",
        book=book,
        movements=page.rows,
        next_url=following,
        labels=LABELS,
        form=form,
        given=typed,
        errors=errors,
    )
