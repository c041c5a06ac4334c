"""What can be done with reviews. Every function takes the session of one unit of work, and none commits."""

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bookstore import audit
from bookstore.catalogue import changes
from bookstore.catalogue.models import Book
from bookstore.errors import Conflict, NotFound
from bookstore.i18n import gettext, gettext_noop
from bookstore.identity import limits
from bookstore.reviews import queries
from bookstore.reviews.models import Review, ReviewState
from bookstore.reviews.schemas import ReviewIn

NO_SUCH_REVIEW = "There is no such review."
NOT_BOUGHT = gettext_noop("You can review the books that you have bought here, once they are paid.")
WRITTEN_AN_HOUR = 20


def count(session: Session, customer_id: int) -> None:
    """Count that the customer writes; raises TooManyRequests."""
    limits.hit(session, f"review:{customer_id}", WRITTEN_AN_HOUR, 3600)


def write(session: Session, customer_id: int, isbn13: str, wanted: ReviewIn) -> None:
    """Keep what a customer thinks of a book, instead of what it was before; new or changed, it waits for the staff.

    Raises NotFound for a book that this customer has not bought here.
    """
    book = queries.bought(session, customer_id, isbn13)
    if book is None:
        raise NotFound(gettext(NOT_BOUGHT))
    fields = wanted.model_dump()
    new = insert(Review).values(book_id=book.id, customer_id=customer_id, **fields)
    anew = {"state": ReviewState.PENDING, "reason": None, "version": Review.version + 1, "updated_at": func.now()}
    session.execute(new.on_conflict_do_update(constraint="uq_review_book_id_customer_id", set_={**fields, **anew}))
    changes.books(session, [book.id])


def remove(session: Session, customer_id: int, isbn13: str) -> None:
    """Take the customer's own review of a book away, if there is one."""
    book_id = select(Book.id).where(Book.isbn13 == isbn13).scalar_subquery()
    mine = delete(Review).where(Review.customer_id == customer_id, Review.book_id == book_id).returning(Review.book_id)
    changes.books(session, session.scalars(mine, execution_options={"synchronize_session": False}))


def locked(session: Session, review_id: int) -> Review:
    """The review, locked until the unit of work ends; raises NotFound."""
    review = session.scalar(
        select(Review).where(Review.id == review_id).with_for_update().execution_options(populate_existing=True)
    )
    if review is None:
        raise NotFound(NO_SUCH_REVIEW)
    return review


def approve(session: Session, review_id: int, version: int, *, actor: str) -> None:
    """Show a review; raises NotFound, and Conflict where its words are no longer those of the version that was read."""
    _moderate(session, review_id, version, ReviewState.APPROVED, None, actor)


def reject(session: Session, review_id: int, version: int, reason: str, *, actor: str) -> None:
    """Do not show a review (any more), and tell its writer why; raises as `approve` does."""
    _moderate(session, review_id, version, ReviewState.REJECTED, reason, actor)


def _moderate(
    session: Session, review_id: int, version: int, state: ReviewState, reason: str | None, actor: str
) -> None:
    review = locked(session, review_id)
    if review.version != version:
        raise Conflict("Its writer has changed this review meanwhile: read it again, then decide.")
    review.state, review.reason = state, reason
    audit.record(session, f"review.{state}", f"review:{review_id}", version=version, reason=reason, by=actor)
    session.flush()
    changes.books(session, [review.book_id])
