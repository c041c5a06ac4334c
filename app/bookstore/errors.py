"""Errors that a request can end in, each with its HTTP status and its problem type (RFC 9457).

A domain error is raised anywhere below a view and becomes `application/problem+json` under /api and a page elsewhere.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import ClassVar

from pydantic import BaseModel, Field, ValidationError


class FieldError(BaseModel):
    """One invalid part of a request."""

    pointer: str = Field(description="Where: a JSON pointer below body, query or path.")
    detail: str = Field(description="What is wrong with it.")


class Problem(BaseModel):
    """The body of every error of the API (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldError] = []


class DomainError(Exception):
    """Base of the errors below: subclasses set `status` and `title`; an instance says what happened in `detail`."""

    status: ClassVar[HTTPStatus]
    title: ClassVar[str]

    def __init__(self, detail: str, *, errors: list[FieldError] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors or []

    @property
    def headers(self) -> Mapping[str, str]:
        """Response headers that this error needs."""
        return {}

    @classmethod
    def type_uri(cls) -> str:
        """The problem type: a link to its paragraph in the API's documentation."""
        return f"/api/docs#problem-{cls.title.lower().replace(' ', '-')}"

    def problem(self) -> Problem:
        """The error as the API shows it."""
        return Problem(
            type=self.type_uri(), title=self.title, status=self.status, detail=self.detail, errors=self.errors
        )


class BadRequest(DomainError):
    """The request cannot be read at all."""

    status = HTTPStatus.BAD_REQUEST
    title = "Bad request"


class Unauthorized(DomainError):
    """No valid token where one is needed."""

    status = HTTPStatus.UNAUTHORIZED
    title = "Unauthorized"

    @property
    def headers(self) -> Mapping[str, str]:
        """RFC 6750, section 3."""
        return {"WWW-Authenticate": 'Bearer realm="bookstore"'}


class Forbidden(DomainError):
    """A valid token that lacks the scope."""

    status = HTTPStatus.FORBIDDEN
    title = "Forbidden"


class NotFound(DomainError):
    """No such thing, or not for the one who asks."""

    status = HTTPStatus.NOT_FOUND
    title = "Not found"


class Conflict(DomainError):
    """It exists already."""

    status = HTTPStatus.CONFLICT
    title = "Conflict"


class TooManyRequests(DomainError):
    """More requests of a kind than a window of time allows."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    title = "Too many requests"

    def __init__(self, detail: str, retry_after_seconds: int = 60) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds

    @property
    def headers(self) -> Mapping[str, str]:
        """When to ask again."""
        return {"Retry-After": str(self.retry_after_seconds)}


class PreconditionFailed(DomainError):
    """It changed since it was read (RFC 9110, section 13.1.1)."""

    status = HTTPStatus.PRECONDITION_FAILED
    title = "Precondition failed"


class ContentTooLarge(DomainError):
    """A body beyond MAX_BODY_BYTES."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    title = "Content too large"


class UnsupportedMediaType(DomainError):
    """A body of a type that this operation does not read."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    title = "Unsupported media type"


class InvalidInput(DomainError):
    """Readable, but against the rules: `errors` names every field."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = "Invalid input"

    @classmethod
    def from_validation(cls, error: ValidationError, part: str) -> "InvalidInput":
        """What pydantic found in one part (body, query, path) of a request, without echoing what was sent."""
        found = [
            FieldError(pointer=_pointer(part, *item["loc"]), detail=item["msg"].removeprefix("Value error, "))
            for item in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        fields = ", ".join(dict.fromkeys(one.pointer for one in found))
        return cls(f"Correct {fields} and send it again.", errors=found)


def _pointer(*steps: str | int) -> str:
    """RFC 6901."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


class PreconditionRequired(DomainError):
    """A change without If-Match (RFC 6585, section 3)."""

    status = HTTPStatus.PRECONDITION_REQUIRED
    title = "Precondition required"


class ServiceUnavailable(DomainError):
    """The database cannot be reached or is too busy; nothing was changed."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    title = "Service unavailable"
    retry_after_seconds: ClassVar[int] = 2

    @property
    def headers(self) -> Mapping[str, str]:
        """When to ask again."""
        return {"Retry-After": str(self.retry_after_seconds)}
