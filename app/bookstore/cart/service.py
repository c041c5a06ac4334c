"""What can be done to a cart. Every function takes the session of one unit of work, and none commits."""

import secrets
from datetime import timedelta

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bookstore.cart.models import Cart, CartLine
from bookstore.catalogue.models import Book
from bookstore.catalogue.service import NO_SUCH_BOOK
from bookstore.errors import Conflict, NotFound
from bookstore.i18n import gettext, gettext_noop

ID_BYTES = 18
LIFETIME = timedelta(days=30)
# A bookshop's buyer needs no more; a program that fills carts gets no further.
MOST_LINES, MOST_COPIES = 50, 20
PURGED_AT_ONCE = 1000
LOCK = select(Cart.id).where(Cart.id == bindparam("cart_id"), Cart.expires_at > func.now()).with_for_update()
NO_SUCH_CART = gettext_noop("There is no such cart, or it has expired: make a new one.")


def create_cart(session: Session) -> str:
    """A new empty cart's id, which is its only key."""
    cart_id = secrets.token_urlsafe(ID_BYTES)
    session.add(Cart(id=cart_id, expires_at=func.now() + LIFETIME))
    session.flush()
    return cart_id


def set_quantity(session: Session, cart_id: str, isbn13: str, quantity: int, currency: str) -> None:
    """Have so many copies of a book in the cart, none with 0; saying it again changes nothing.

    Raises NotFound for the cart or the book, and Conflict for a book that cannot be sold.
    """
    _prolong(session, cart_id)
    book = session.execute(
        select(Book.id, Book.active, Book.price_cents, Book.currency).where(Book.isbn13 == isbn13)
    ).one_or_none()
    if book is None:
        raise NotFound(gettext(NO_SUCH_BOOK))
    if quantity == 0:
        session.execute(delete(CartLine).where(CartLine.cart_id == cart_id, CartLine.book_id == book.id))
        return
    if not book.active:
        raise Conflict(gettext("This book is not on sale any more."))
    if book.currency != currency:
        raise Conflict(
            gettext(
                "This book's price is in %(theirs)s, and orders are taken in %(ours)s only.",
                theirs=book.currency,
                ours=currency,
            )
        )
    line = {"cart_id": cart_id, "book_id": book.id, "quantity": quantity, "price_cents": book.price_cents}
    kept = insert(CartLine).values(line)
    session.execute(kept.on_conflict_do_update(index_elements=["cart_id", "book_id"], set_={"quantity": quantity}))
    count = session.scalar(select(func.count()).select_from(CartLine).where(CartLine.cart_id == cart_id)) or 0
    if count > MOST_LINES:
        raise Conflict(gettext("A cart holds at most %(most)s different books: order these first.", most=MOST_LINES))


def add(session: Session, cart_id: str, isbn13: str, currency: str) -> None:
    """Put one more copy of a book into the cart, up to the most that a cart takes; raises as set_quantity does."""
    _prolong(session, cart_id)
    current = session.scalar(
        select(CartLine.quantity)
        .join(Book, Book.id == CartLine.book_id)
        .where(CartLine.cart_id == cart_id, Book.isbn13 == isbn13)
    )
    set_quantity(session, cart_id, isbn13, min((current or 0) + 1, MOST_COPIES), currency)


def accept_prices(session: Session, cart_id: str) -> None:
    """Note that the buyer has seen today's prices."""
    session.execute(
        update(CartLine)
        .where(CartLine.cart_id == cart_id, CartLine.book_id == Book.id, CartLine.price_cents != Book.price_cents)
        .values(price_cents=Book.price_cents),
        execution_options={"synchronize_session": False},
    )


def lock(session: Session, cart_id: str) -> None:
    """Keep everyone else from changing a cart until the unit of work ends; raises NotFound."""
    if session.connection().scalar(LOCK, {"cart_id": cart_id}) is None:
        raise NotFound(gettext(NO_SUCH_CART))


def purge(session: Session) -> int:
    """Remove some of the expired carts; gives how many, 0 when none are left."""
    some = select(Cart.id).where(Cart.expires_at <= func.now()).limit(PURGED_AT_ONCE).with_for_update(skip_locked=True)
    return len(session.scalars(delete(Cart).where(Cart.id.in_(some)).returning(Cart.id)).all())


def _prolong(session: Session, cart_id: str) -> None:
    """Lock a cart until the unit of work ends, and let it live for its whole lifetime again; raises NotFound."""
    kept = update(Cart).where(Cart.id == cart_id, Cart.expires_at > func.now()).values(expires_at=func.now() + LIFETIME)
    if session.scalar(kept.returning(Cart.id), execution_options={"synchronize_session": False}) is None:
        raise NotFound(gettext(NO_SUCH_CART))
