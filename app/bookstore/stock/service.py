"""Change stock, and say why. Every function takes the session of one unit of work, and none commits."""

from collections.abc import Mapping

from sqlalchemy import ARRAY, BigInteger, Integer, Text, bindparam, func, select, true, update
from sqlalchemy.orm import Session

from bookstore import audit
from bookstore.catalogue import changes
from bookstore.catalogue.models import Book
from bookstore.catalogue.service import locked_book
from bookstore.errors import Conflict
from bookstore.stock.models import Reason
from bookstore.types import INTEGER_MAX

# What people do to stock by hand, as the audit log names it.
ACTIONS = {Reason.RECEIVED: "stock.receive", Reason.CORRECTED: "stock.correct"}
EXPLANATION = tuple(
    func.set_config(f"bookstore.{name}", bindparam(parameter, type_=Text), true())
    for name, parameter in (("stock_reason", "reason"), ("stock_reference", "reference"), ("actor", "actor"))
)
_wanted = (
    func.unnest(bindparam("ids", type_=ARRAY(BigInteger)), bindparam("quantities", type_=ARRAY(Integer)))
    .table_valued("id", "quantity", name="wanted")
    .render_derived()
)
# The ledger's trigger fires after it, and so has the explanation that it gives with each row.
TAKE = (
    update(Book)
    .where(Book.id == _wanted.c.id, Book.stock >= _wanted.c.quantity, Book.active)
    .values(stock=Book.stock - _wanted.c.quantity)
    .returning(Book.id, *EXPLANATION)
)


def explain(session: Session, reason: Reason, reference: str | None = None, actor: str | None = None) -> None:
    """Say what the ledger tells of the changes of stock that follow in this unit of work."""
    values = {"reason": reason.value, "reference": reference or "", "actor": actor or ""}
    session.execute(select(*EXPLANATION), values)


def take(session: Session, quantities: Mapping[int, int], reference: str) -> list[int]:
    """Take copies of books for a sale, by book id; gives the ids of those that have not enough, and stay as they were.

    The books are locked already, in the order of ids: see bookstore.cart.queries.locked_lines. One that is not on sale
    has no copies.
    """
    values = {"ids": list(quantities), "quantities": list(quantities.values())}
    explained = {"reason": Reason.SOLD.value, "reference": reference, "actor": ""}
    taken = session.connection().scalars(TAKE, values | explained).all()
    changes.books(session, taken)
    return sorted(quantities.keys() - set(taken))


def put_back(session: Session, quantities: Mapping[int, int]) -> None:
    """Add copies of books, by book id, in the order of ids."""
    for book_id, quantity in sorted(quantities.items()):
        statement = update(Book).where(Book.id == book_id).values(stock=Book.stock + quantity)
        session.execute(statement, execution_options={"synchronize_session": False})
    changes.books(session, quantities)


def adjust(session: Session, isbn13: str, quantity: int) -> int:
    """Add copies to a book's stock, or with a negative number take some; gives the new stock.

    Raises NotFound, and Conflict where fewer than none would be left.
    """
    book = locked_book(session, isbn13)
    if not 0 <= book.stock + quantity <= INTEGER_MAX:
        raise Conflict(f"{book.stock} are in stock: take at most so many, and add at most {INTEGER_MAX - book.stock}.")
    book.stock += quantity
    session.flush()
    changes.books(session, [book.id])
    return book.stock


def move(session: Session, isbn13: str, quantity: int, reason: Reason, reference: str, actor: str) -> int:
    """Adjust a book's stock by hand, with a line of the ledger that says why; gives the new stock.

    Raises NotFound, and Conflict as `adjust` does or where copies would be received that are fewer than none.
    """
    if reason is not Reason.CORRECTED and quantity < 0:
        raise Conflict("Only a correction takes copies away.")
    explain(session, reason, reference, actor)
    stock = adjust(session, isbn13, quantity)
    details = {"quantity": quantity, "reference": reference, "stock": stock}
    audit.record(session, ACTIONS[reason], f"book:{isbn13}", by=actor, **details)
    return stock
