"""A review as its form and the API know it."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from bookstore.catalogue.schemas import CursorText, Input, Limit
from bookstore.reviews.models import ReviewState
from bookstore.types import BIGINT_MAX, Line, Storable, WithoutNul

Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=5000), Storable, WithoutNul]


class ReviewIn(Input):
    """What a customer writes of a book."""

    rating: int = Field(ge=1, le=5)
    name: Annotated[Line, Field(max_length=80)]
    body: Words | None = None


class ReviewPath(BaseModel):
    """A review's address in the API."""

    id: int = Field(ge=1, le=BIGINT_MAX)


class ReviewQuery(Input):
    """Which of a book's reviews."""

    cursor: CursorText | None = None
    limit: Limit = 20


class ModerationQuery(ReviewQuery):
    """Which reviews, whatever their book."""

    state: ReviewState = ReviewState.PENDING


class ReviewOut(BaseModel):
    """A review as everybody sees it."""

    rating: int
    name: str
    body: str | None
    updated_at: datetime


class ReviewPage(BaseModel):
    """One page of a book's reviews, the newest first."""

    items: list[ReviewOut]
    next: str | None


class ModeratedReview(ReviewOut):
    """A review as the staff sees it."""

    id: int
    isbn13: str
    title: str
    state: ReviewState
    reason: str | None
    version: int = Field(description="One more with each change of its words.")


class ModeratedReviewPage(BaseModel):
    """One page of reviews, the oldest first."""

    items: list[ModeratedReview]
    next: str | None


class Moderation(Input):
    """Whether a review is shown."""

    # As _rejected_for_a_reason says, for those who read the schema.
    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"properties": {"state": {"const": "approved"}, "reason": {"type": "null"}}},
                {"properties": {"state": {"const": "rejected"}, "reason": {"type": "string"}}, "required": ["reason"]},
            ]
        }
    )

    state: Literal[ReviewState.APPROVED, ReviewState.REJECTED]
    reason: Line | None = Field(None, description="Of a rejection, for its writer; needed there, and only there.")

    @model_validator(mode="after")
    def _rejected_for_a_reason(self) -> Self:
        if (self.state is ReviewState.REJECTED) is (self.reason is None):
            raise ValueError("give a reason for a rejection, and only for that")
        return self
