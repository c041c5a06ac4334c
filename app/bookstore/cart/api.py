"""/api/v1/carts."""

from flask import current_app, url_for
from sqlalchemy.orm import Session

from bookstore.cart import queries, service
from bookstore.cart.schemas import CartLineOut, CartOut, CartPath, LinePath, QuantityIn
from bookstore.db import ReadSession
from bookstore.errors import Conflict, NotFound
from bookstore.web import Api, Reply

api = Api("cart_api", __name__, url_prefix="/api/v1")


@api.operation("POST", "/carts", answer=CartOut, status=201)
def create_cart(session: Session) -> Reply:
    """Make an empty cart; it lives for 30 days after its last change."""
    cart_id = service.create_cart(session)
    return Reply(_cart(session, cart_id), 201, {"Location": url_for("cart_api.read_cart", cart_id=cart_id)})


@api.operation("GET", "/carts/<cart_id>", answer=CartOut, errors=[NotFound])
def read_cart(session: ReadSession, path: CartPath) -> Reply:
    """Read a cart, with the prices and the stock of now."""
    return Reply(_cart(session, path.cart_id))


@api.operation("PUT", "/carts/<cart_id>/lines/<isbn>", answer=CartOut, errors=[NotFound, Conflict])
def put_line(session: Session, path: LinePath, body: QuantityIn) -> Reply:
    """Have so many copies of a book in the cart; sending it again changes nothing."""
    service.set_quantity(session, path.cart_id, path.isbn, body.quantity, current_app.config["SETTINGS"].currency)
    return Reply(_cart(session, path.cart_id))


@api.operation("DELETE", "/carts/<cart_id>/lines/<isbn>", answer=CartOut, errors=[NotFound])
def delete_line(session: Session, path: LinePath) -> Reply:
    """Take a book out of the cart."""
    service.set_quantity(session, path.cart_id, path.isbn, 0, current_app.config["SETTINGS"].currency)
    return Reply(_cart(session, path.cart_id))


def _cart(session: ReadSession | Session, cart_id: str) -> CartOut:
    if not queries.exists(session, cart_id):
        raise NotFound(service.NO_SUCH_CART)
    rows = queries.lines(session, cart_id)
    lines = [
        CartLineOut(
            isbn13=row.isbn13,
            title=row.title,
            quantity=row.quantity,
            price_cents=row.price_cents,
            seen_price_cents=row.seen_price_cents,
            in_stock=min(row.stock, service.MOST_COPIES) if row.active else 0,
        )
        for row in rows
    ]
    subtotal = sum(line.price_cents * line.quantity for line in lines)
    return CartOut(id=cart_id, currency=current_app.config["SETTINGS"].currency, lines=lines, subtotal_cents=subtotal)
