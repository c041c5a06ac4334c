"""/api/v1/reviews, and those of a book."""

from typing import Any

from flask import g
from sqlalchemy import Row
from sqlalchemy.orm import Session

from bookstore.catalogue import queries as catalogue
from bookstore.catalogue.schemas import BookPath
from bookstore.catalogue.service import NO_SUCH_BOOK
from bookstore.db import ReadSession
from bookstore.errors import BadRequest, NotFound
from bookstore.reviews import queries, service
from bookstore.reviews.models import ReviewState
from bookstore.reviews.schemas import (
    ModeratedReview,
    ModeratedReviewPage,
    Moderation,
    ModerationQuery,
    ReviewOut,
    ReviewPage,
    ReviewPath,
    ReviewQuery,
)
from bookstore.web import Api, Reply, next_page, require_match

api = Api("reviews_api", __name__, url_prefix="/api/v1")
SCOPE = "reviews"
PRIVATE = {"Cache-Control": "no-store"}


@api.operation("GET", "/books/<isbn>/reviews", answer=ReviewPage, errors=[BadRequest, NotFound])
def list_reviews_of_book(session: ReadSession, path: BookPath, query: ReviewQuery) -> Reply:
    """List what buyers think of a book, the newest first."""
    book = catalogue.book(session, path.isbn)
    if book is None or not book.active:
        raise NotFound(NO_SUCH_BOOK)
    page = queries.approved(session, path.isbn, query.limit, query.cursor)
    items = [ReviewOut.model_validate(row, from_attributes=True) for row in page.rows]
    return Reply(ReviewPage(items=items, next=next_page(page.next_cursor)))


@api.operation("GET", "/reviews", answer=ModeratedReviewPage, scope=SCOPE, errors=[BadRequest])
def list_reviews(session: ReadSession, query: ModerationQuery) -> Reply:
    """List the reviews that wait for the staff, or those in another state, the oldest first."""
    page = queries.in_state(session, query.state, query.limit, query.cursor)
    items = [_whole(row) for row in page.rows]
    return Reply(ModeratedReviewPage(items=items, next=next_page(page.next_cursor)), headers=PRIVATE)


@api.operation("GET", "/reviews/<id>", answer=ModeratedReview, scope=SCOPE, errors=[NotFound])
def read_review(session: ReadSession, path: ReviewPath) -> Reply:
    """Read one review."""
    return Reply(_read(session, path.id), headers=PRIVATE)


@api.operation("PATCH", "/reviews/<id>", answer=ModeratedReview, scope=SCOPE, conditional=True, errors=[NotFound])
def moderate_review(session: Session, path: ReviewPath, body: Moderation) -> Reply:
    """Approve a review, or reject it for a reason."""
    version = service.locked(session, path.id).version
    require_match(_read(session, path.id))
    if body.state is ReviewState.APPROVED:
        service.approve(session, path.id, version, actor=g.actor)
    else:
        service.reject(session, path.id, version, body.reason or "", actor=g.actor)
    return Reply(_read(session, path.id), headers=PRIVATE)


def _read(session: ReadSession | Session, review_id: int) -> ModeratedReview:
    row = queries.one(session, review_id)
    if row is None:
        raise NotFound(service.NO_SUCH_REVIEW)
    return _whole(row)


def _whole(row: Row[Any]) -> ModeratedReview:
    return ModeratedReview.model_validate(row, from_attributes=True)
