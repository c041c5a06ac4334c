"""What is in a cart, with today's prices and stock."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, bindparam, func, select
from sqlalchemy.orm import Session

from bookstore.cart.models import Cart, CartLine
from bookstore.catalogue.models import Book
from bookstore.db import ReadSession

LINE: tuple[Any, ...] = (
    Book.id, Book.isbn13, Book.slug, Book.title, Book.subtitle, Book.byline, Book.cover_url, Book.language,
    Book.price_cents, Book.currency, Book.stock, Book.active, CartLine.quantity,
    CartLine.price_cents.label("seen_price_cents"),
)  # fmt: skip
_lines = select(*LINE).join(CartLine, CartLine.book_id == Book.id).where(CartLine.cart_id == bindparam("cart_id"))
LINES = (
    _lines.join(Cart, Cart.id == CartLine.cart_id)
    .where(Cart.expires_at > func.now())
    .order_by(CartLine.added_at, Book.id)
)
# By a statement of its own, which changes nothing: one that locks and updates sees rows as they were before it waited,
# goes after their later versions out of order, and does deadlock.
LOCKED = _lines.order_by(Book.id).with_for_update(of=Book, key_share=True)


def exists(session: ReadSession | Session, cart_id: str) -> bool:
    """Whether there is such a cart that has not expired."""
    return session.scalar(select(Cart.id).where(Cart.id == cart_id, Cart.expires_at > func.now())) is not None


def lines(session: ReadSession | Session, cart_id: str) -> Sequence[Row[Any]]:
    """The books of a cart, in the order in which they were put there."""
    return session.execute(LINES, {"cart_id": cart_id}).all()


def locked_lines(session: Session, cart_id: str) -> Sequence[Row[Any]]:
    """The books of a locked cart, whose stock and prices nobody else changes until the unit of work ends.

    They are locked in the order of ids, so that two baskets of the same books wait for each other, and never deadlock.
    """
    return session.connection().execute(LOCKED, {"cart_id": cart_id}).all()
