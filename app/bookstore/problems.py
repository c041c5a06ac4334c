"""Every error becomes an answer that helps: problem+json (RFC 9457) for the API, a page for people."""

from collections.abc import Callable

import structlog
from flask import Flask, Response, current_app, render_template, request
from psycopg.errors import DiskFull, ReadOnlySqlTransaction
from sqlalchemy.exc import DataError, IntegrityError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from bookstore.config import Settings, Surface
from bookstore.errors import BadRequest, Conflict, DomainError, Problem, ServiceUnavailable
from bookstore.i18n.messages import gettext, gettext_noop

PROBLEM = "application/problem+json"
NO_ANSWER = gettext_noop("The database does not answer just now. Nothing was changed.")
NO_CHANGES = gettext_noop("The database takes no changes just now. Nothing was changed.")
# Instead of what Werkzeug says, which is for programs and in English.
FOR_PEOPLE = {
    400: gettext_noop("The address, or what was sent to it, makes no sense to us."),
    404: gettext_noop("There is nothing at this address."),
    405: gettext_noop("This address does not do that: go to the page, and begin there."),
    413: gettext_noop("Send less at once."),
}
KEPT_HEADERS = ("Allow", "Retry-After", "Content-Range")
log = structlog.get_logger(__name__)


def init_app(app: Flask, settings: Settings) -> None:
    """Register a handler for each kind of error."""

    def render(problem: Problem, headers: dict[str, str]) -> Response:
        if _is_for_programs():
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
        said = error.description or ""
        detail = said if _is_for_programs() else gettext(FOR_PEOPLE.get(error.code, said))
        headers = {name: value for name, value in error.get_headers() if name in KEPT_HEADERS}
        return render(_problem(error.code, error.name, detail), headers)

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        log.error("unexpected_error", exc_info=error)
        problem = Problem(
            type="about:blank",
            title="Internal server error",
            status=500,
            detail=gettext("Something went wrong on our side. It has been noted with this request's id."),
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
        return domain_error(ServiceUnavailable(gettext(NO_CHANGES if _only_reads(error) else NO_ANSWER)))

    @app.errorhandler(InternalError)
    def internal(error: InternalError) -> Response:
        return database_unavailable(error) if _only_reads(error) else unexpected(error)

    @app.errorhandler(DataError)
    def unstorable(error: DataError) -> Response:
        log.info("unstorable_value", reason=type(error.orig).__name__)
        return domain_error(BadRequest(gettext("A value cannot be stored as it is.")))

    @app.errorhandler(IntegrityError)
    def conflicting(error: IntegrityError) -> Response:
        # Two writers raced past each other's checks; the database let one of them in.
        log.info("conflict", reason=type(error.orig).__name__)
        return domain_error(Conflict(gettext("Another change came first. Read it again, then repeat yours.")))


def _is_for_programs() -> bool:
    return request.path.startswith("/api") or current_app.config["SETTINGS"].bookstore_surface is Surface.API


def _problem(status: int, name: str, detail: str) -> Problem:
    """What Werkzeug raised, as one of errors.py where there is such a one."""
    kinds: dict[int, type[DomainError]] = {kind.status: kind for kind in DomainError.__subclasses__()}
    if status in kinds:
        return kinds[status](detail).problem()
    return Problem(type="about:blank", title=name, status=status, detail=detail)


def _only_reads(error: Exception) -> bool:
    """Whether the database answers and takes no changes: its disk is full, or it has become a replica."""
    return isinstance(getattr(error, "orig", None), DiskFull | ReadOnlySqlTransaction)
