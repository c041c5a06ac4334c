"""What can be done with notices. Every function takes the session of one unit of work, and none commits."""

import contextlib
import secrets
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bookstore.catalogue.models import Book
from bookstore.errors import TooManyRequests
from bookstore.i18n import public_address
from bookstore.identity import limits
from bookstore.notices import links
from bookstore.notices.models import StockNotice
from bookstore.outbox.service import enqueue

ASKED_BY_ONE, ASKED_FOR_ONE, ASKED_SECONDS = 20, 3, 3600
KEPT = timedelta(days=365)
SENT_AT_ONCE = 100


def ask(session: Session, book: Row[Any], email: str, language: str) -> None:
    """Mail a link that confirms the wish, in the language; raises TooManyRequests.

    An address that gets too many of them gets no more for a while, and the answer is the same: it tells nothing of
    who else has asked.
    """
    limits.hit(session, f"notice:{limits.client_network()}", ASKED_BY_ONE, ASKED_SECONDS)
    with contextlib.suppress(TooManyRequests):
        limits.hit(session, f"notice:{email.lower()}", ASKED_FOR_ONE, ASKED_SECONDS)
        enqueue(
            session,
            f"notice_confirm:{secrets.token_hex(16)}",
            email,
            "notice_confirm",
            language,
            title=book.title,
            link=public_address(language, f"/notices/confirm/{links.confirmation(book.isbn13, email)}"),
            stop_link=public_address(language, f"/notices/stop/{links.stop(email)}"),
        )


def add(session: Session, book_id: int, email: str, language: str) -> None:
    """Keep the confirmed wish, and the language to tell in; once for each book and address."""
    session.execute(
        insert(StockNotice).values(book_id=book_id, email=email, language=language).on_conflict_do_nothing()
    )


def stop(session: Session, email: str) -> None:
    """Forget every wish of an address."""
    of_address = delete(StockNotice).where(func.lower(StockNotice.email) == email.lower())
    session.execute(of_address, execution_options={"synchronize_session": False})


def send(session: Session) -> int:
    """Write some of those whose book is back in stock, who waited longest first, and forget them; gives how many.

    All of a book's are told, however few copies came: most do not buy, and whoever is not told cannot.
    """
    back = (
        select(StockNotice.id, StockNotice.email, StockNotice.language, Book.isbn13, Book.slug, Book.title, Book.stock)
        .join(Book, Book.id == StockNotice.book_id)
        .where(Book.stock > 0, Book.active)
        .order_by(StockNotice.id)
        .limit(SENT_AT_ONCE)
        .with_for_update(of=StockNotice, skip_locked=True)
    )
    rows = session.execute(back).all()
    for row in rows:
        enqueue(
            session,
            f"notice_in_stock:{row.id}",
            row.email,
            "notice_in_stock",
            row.language,
            title=row.title,
            stock=row.stock,
            link=public_address(row.language, f"/books/{row.isbn13}/{row.slug}"),
            stop_link=public_address(row.language, f"/notices/stop/{links.stop(row.email)}"),
        )
    _forget(session, StockNotice.id.in_([row.id for row in rows]))
    return len(rows)


def purge(session: Session) -> int:
    """Forget some of those who have waited for more than a year; gives how many, 0 when none are left."""
    old = select(StockNotice.id).where(StockNotice.created_at < func.now() - KEPT).limit(SENT_AT_ONCE)
    return _forget(session, StockNotice.id.in_(old.with_for_update(skip_locked=True)))


def _forget(session: Session, condition: Any) -> int:
    gone = delete(StockNotice).where(condition).returning(StockNotice.id)
    return len(session.scalars(gone, execution_options={"synchronize_session": False}).all())
