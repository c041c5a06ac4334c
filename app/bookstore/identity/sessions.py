"""Sessions in the database: a cookie holds 256 random bits, a row their hash; to end one is to delete its row."""

import hashlib
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from flask import current_app, g, request
from sqlalchemy import ColumnElement, Row, and_, delete, func, select, update
from sqlalchemy.exc import InternalError, OperationalError
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from bookstore import security
from bookstore.config import Settings
from bookstore.db import ReadSession, reading
from bookstore.identity.models import AccountSession

RANDOM_BYTES = 32
SEEN_EVERY = timedelta(minutes=1)
LONGEST_USER_AGENT = 200
# From the password to the code of the second factor.
PASSWORD_LASTS = timedelta(minutes=10)


class Kind(StrEnum):
    """Whose session it is; the value names the cookie. STAFF_PASSWORD has yet to show the second factor."""

    CUSTOMER = "customer"
    STAFF = "staff"
    STAFF_PASSWORD = "staff_password"  # noqa: S105  # a kind, no password


@dataclass(frozen=True)
class Lifetime:
    """How long a session lasts after log-in, and without being used."""

    longest: timedelta
    idle: timedelta


def lifetime(kind: Kind) -> Lifetime:
    """As the settings say."""
    settings: Settings = current_app.config["SETTINGS"]
    hours = {
        Kind.CUSTOMER: (settings.customer_session_hours, settings.customer_session_idle_hours),
        Kind.STAFF: (settings.staff_session_hours, settings.staff_session_idle_hours),
    }
    if kind not in hours:
        return Lifetime(PASSWORD_LASTS, PASSWORD_LASTS)
    longest, idle = hours[kind]
    return Lifetime(timedelta(hours=longest), timedelta(hours=idle))


def current(kind: Kind) -> Row[Any] | None:
    """The session of the request's cookie: sha256, subject_id, created_at. Without a cookie nothing is asked.

    Once for a request. Ask before a unit of work, not within it.
    """
    found: dict[Kind, Row[Any] | None] = g.setdefault("account_sessions", {})
    if kind not in found:
        token = security.get_cookie(kind)
        found[kind] = _find(kind, token) if token else None
    return found[kind]


def _find(kind: Kind, token: str) -> Row[Any] | None:
    stale = (AccountSession.seen_at < func.now() - SEEN_EVERY).label("stale")
    columns: tuple[Any, ...] = (AccountSession.sha256, AccountSession.subject_id, AccountSession.created_at, stale)
    one = and_(AccountSession.sha256 == _digest(token), AccountSession.kind == kind)
    with reading() as session:
        row = session.execute(select(*columns).where(one, _alive(kind))).one_or_none()
        if row and row.stale:
            # A statement of its own: nothing depends on it, and no transaction is open. Looking goes on where nothing
            # can be written.
            with suppress(OperationalError, InternalError):
                session.execute(update(AccountSession).where(one).values(seen_at=func.now()))
    return row


def _alive(kind: Kind) -> ColumnElement[bool]:
    lasts = lifetime(kind)
    return and_(
        AccountSession.created_at > func.now() - lasts.longest, AccountSession.seen_at > func.now() - lasts.idle
    )


def start(session: Session, kind: Kind, subject_id: int) -> str:
    """A new session for someone who has just proved to be that one; gives the token for `remember`.

    The browser's earlier session of this kind ends: a token that someone else has planted never becomes theirs.
    """
    end_current(session, kind)
    token = secrets.token_urlsafe(RANDOM_BYTES)
    agent = request.headers.get("User-Agent", "").encode("ascii", "replace").decode()[:LONGEST_USER_AGENT]
    session.add(AccountSession(sha256=_digest(token), kind=kind, subject_id=subject_id, user_agent=agent))
    session.flush()
    return token


def remember(response: Response, kind: Kind, token: str) -> None:
    """Have the browser bring the session's token with what it asks next."""
    security.set_cookie(response, kind, token, int(lifetime(kind).longest.total_seconds()))


def forget(response: Response, kind: Kind) -> None:
    """Have the browser drop the token of a session that has ended."""
    security.delete_cookie(response, kind)


def end_current(session: Session, kind: Kind) -> None:
    """End the session of the request's cookie, if it has one."""
    if token := security.get_cookie(kind):
        session.execute(delete(AccountSession).where(AccountSession.sha256 == _digest(token)))
    g.pop("account_sessions", None)


def end_all(session: Session, kind: Kind, subject_id: int, *, except_for: bytes | None = None) -> int:
    """End every session of someone, but for one by its hash; gives how many."""
    ending = delete(AccountSession).where(AccountSession.kind == kind, AccountSession.subject_id == subject_id)
    if except_for is not None:
        ending = ending.where(AccountSession.sha256 != except_for)
    return len(session.scalars(ending.returning(AccountSession.sha256)).all())


def list_all(session: ReadSession | Session, kind: Kind, subject_id: int) -> Sequence[Row[Any]]:
    """Where someone is logged in, the latest used first."""
    columns: tuple[Any, ...] = (
        AccountSession.sha256, AccountSession.user_agent, AccountSession.created_at, AccountSession.seen_at,
    )  # fmt: skip
    mine = (AccountSession.kind == kind, AccountSession.subject_id == subject_id)
    return session.execute(select(*columns).where(*mine, _alive(kind)).order_by(AccountSession.seen_at.desc())).all()


def purge(session: Session) -> int:
    """Remove sessions that have expired; gives how many."""
    ended = 0
    for kind in Kind:
        over = delete(AccountSession).where(AccountSession.kind == kind, ~_alive(kind))
        ended += len(session.scalars(over.returning(AccountSession.sha256)).all())
    return ended


def _digest(token: str) -> bytes:
    # 256 random bits cannot be guessed, so that a slow hash would protect nothing more.
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
