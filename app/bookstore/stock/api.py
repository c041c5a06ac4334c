"""/api/v1/books/{isbn}/stock-movements and /api/v1/low-stock."""

from flask import current_app, g, url_for
from sqlalchemy.orm import Session

from bookstore.catalogue.schemas import BookPath
from bookstore.catalogue.service import NO_SUCH_BOOK
from bookstore.db import ReadSession
from bookstore.errors import BadRequest, Conflict, NotFound
from bookstore.stock import queries, service
from bookstore.stock.schemas import (
    LowStock,
    LowStockQuery,
    MovementIn,
    MovementList,
    MovementMade,
    MovementOut,
    MovementQuery,
    ScarceBook,
)
from bookstore.web import Api, Reply, next_page

api = Api("stock_api", __name__, url_prefix="/api/v1")
SCOPE = "stock"


@api.operation("GET", "/books/<isbn>/stock-movements", answer=MovementList, scope=SCOPE, errors=[NotFound, BadRequest])
def list_stock_movements(session: ReadSession, path: BookPath, query: MovementQuery) -> MovementList:
    """Read a book's ledger, the newest first: the sum of all its quantities is the stock."""
    book = queries.book(session, path.isbn)
    if book is None:
        raise NotFound(NO_SUCH_BOOK)
    page = queries.movements(session, book.id, query.limit, query.cursor)
    items = [MovementOut.model_validate(row, from_attributes=True) for row in page.rows]
    return MovementList(items=items, next=next_page(page.next_cursor))


@api.operation(
    "POST", "/books/<isbn>/stock-movements", answer=MovementMade, status=201, scope=SCOPE, errors=[NotFound, Conflict]
)
def add_stock_movement(session: Session, path: BookPath, body: MovementIn) -> Reply:
    """Receive copies of a book, or correct how many there are."""
    stock = service.move(session, path.isbn, body.quantity, body.reason, body.reference, g.actor)
    made = queries.latest(session, path.isbn)._mapping  # noqa: SLF001  # public in all but name
    where = url_for("stock_api.list_stock_movements", isbn=path.isbn)
    return Reply(MovementMade.model_validate({**made, "stock": stock}), 201, {"Location": where})


@api.operation("GET", "/low-stock", answer=LowStock, scope=SCOPE)
def list_low_stock(session: ReadSession, query: LowStockQuery) -> LowStock:
    """List the books on sale that run out, the scarcest and then the most rated first."""
    at_most = current_app.config["SETTINGS"].low_stock if query.at_most is None else query.at_most
    items = [ScarceBook.model_validate(row, from_attributes=True) for row in queries.low(session, at_most, query.limit)]
    return LowStock(at_most=at_most, count=queries.count_low(session, at_most), items=items)
