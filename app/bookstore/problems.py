"""Every error becomes an answer that helps: problem+json (RFC 9457) for the API, a page for people."""

from collections.abc import Callable

import structlog
from flask import Flask, Response, render_template, request
from psycopg.errors import DiskFull, ReadOnlySqlTransaction
from sqlalchemy.exc import DataError, IntegrityError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from bookstore.config import Settings, Surface
from bookstore.errors import BadRequest, Conflict, DomainError, Problem, ServiceUnavailable

PROBLEM = "application/problem+json"
NO_ANSWER = "The database does not answer just now. Nothing was changed."
NO_CHANGES = "The database takes no changes just now. Nothing was changed."
log = structlog.get_logger(__name__)


def init_app(app: Flask, settings: Settings) -> None:
    """Register a handler for each kind of error."""
    only_api = settings.bookstore_surface is Surface.API
    kinds: dict[int, type[DomainError]] = {kind.status: kind for kind in DomainError.__subclasses__()}

    def render(problem: Problem, headers: dict[str, str]) -> Response:
        if only_api or request.path.startswith("/api"):
            response = Response(problem.model_dump_json(), problem.status, mimetype=PROBLEM)
        else:
            response = Response(render_template("error.html", problem=problem), problem.status)
        response.headers.extend(headers)
        response.headers["Cache-Control"] = "no-store"
        return response

    @app.errorhandler(DomainError)
    def domain_error(error: DomainError) -> Response:
        return render(error.problem(), dict(error.headers))

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        if error.code is None or error.code < 400:
            return error.get_response()  # type: ignore[return-value]  # a redirect of werkzeug's own
        detail = error.description or ""
        problem = (
            kinds[error.code](detail).problem()
            if error.code in kinds
            else Problem(type="about:blank", title=error.name, status=error.code, detail=detail)
        )
        kept = ("Allow", "Retry-After", "Content-Range")
        headers = {name: value for name, value in error.get_headers() if name in kept}
        return render(problem, headers)

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        log.error("unexpected_error", exc_info=error)
        problem = Problem(
            type="about:blank",
            title="Internal server error",
            status=500,
            detail="Something went wrong on our side. It has been noted with this request's id.",
        )
        return render(problem, {})

    _on_database_errors(app, domain_error, unexpected)


def _on_database_errors(
    app: Flask, domain_error: Callable[[DomainError], Response], unexpected: Callable[[Exception], Response]
) -> None:
    """Register a handler for each kind of error of the database."""

    @app.errorhandler(OperationalError)
    @app.errorhandler(InterfaceError)
    @app.errorhandler(PoolTimeout)
    def database_unavailable(error: Exception) -> Response:
        # The driver's message can hold a host and a role, never a password; it belongs in the log alone.
        log.warning("database_unavailable", error=type(error).__name__, reason=str(getattr(error, "orig", error)))
        return domain_error(ServiceUnavailable(NO_CHANGES if _only_reads(error) else NO_ANSWER))

    @app.errorhandler(InternalError)
    def internal(error: InternalError) -> Response:
        return database_unavailable(error) if _only_reads(error) else unexpected(error)

    @app.errorhandler(DataError)
    def unstorable(error: DataError) -> Response:
        log.info("unstorable_value", reason=type(error.orig).__name__)
        return domain_error(BadRequest("A value cannot be stored as it is."))

    @app.errorhandler(IntegrityError)
    def conflicting(error: IntegrityError) -> Response:
        # Two writers raced past each other's checks; the database let one of them in.
        log.info("conflict", reason=type(error.orig).__name__)
        return domain_error(Conflict("Another change came first. Read it again, then repeat yours."))


def _only_reads(error: Exception) -> bool:
    """Whether the database answers and takes no changes: its disk is full, or it has become a replica."""
    return isinstance(getattr(error, "orig", None), DiskFull | ReadOnlySqlTransaction)
