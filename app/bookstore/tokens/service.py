"""Make, check and revoke API tokens."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from bookstore.db import ReadSession
from bookstore.errors import Conflict, NotFound
from bookstore.tokens.models import ApiToken

# Secret scanners find a leaked token by its prefix.
PREFIX = "bookstore_"
RANDOM_BYTES = 32


class Scope(StrEnum):
    """What a token may do."""

    CATALOGUE = "catalogue"
    ORDERS = "orders"
    STOCK = "stock"
    REVIEWS = "reviews"
    CUSTOMERS = "customers"
    REPORTS = "reports"
    AUDIT = "audit"
    STAFF = "staff"


def _digest(token: str) -> bytes:
    # 256 random bits cannot be guessed, so that a slow password hash would protect nothing more.
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def add_token(session: Session, name: str, scopes: Sequence[Scope], lifetime_days: int | None) -> str:
    """A new token, to be shown once: only its hash is kept. Raises Conflict where the name is taken."""
    if session.scalar(select(ApiToken.id).where(ApiToken.name == name)):
        raise Conflict(f"A token named {name!r} exists already: revoke it, or choose another name.")
    token = PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
    expires_at = datetime.now(UTC) + timedelta(days=lifetime_days) if lifetime_days else None
    session.add(ApiToken(name=name, sha256=_digest(token), scopes=list(scopes), expires_at=expires_at))
    return token


def find_token(session: ReadSession, token: str) -> Row[str, list[str]] | None:
    """The name and scopes of a valid token, None for any other."""
    return session.execute(
        select(ApiToken.name, ApiToken.scopes).where(
            ApiToken.sha256 == _digest(token),
            ApiToken.revoked_at.is_(None),
            or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > func.now()),
        )
    ).one_or_none()


def list_tokens(session: ReadSession) -> Sequence[Row[Any]]:
    """Every token ever made, the oldest first."""
    columns: list[InstrumentedAttribute[Any]] = [
        ApiToken.name, ApiToken.scopes, ApiToken.expires_at, ApiToken.revoked_at,
    ]  # fmt: skip
    return session.execute(select(*columns).order_by(ApiToken.id)).all()


def revoke_token(session: Session, name: str) -> None:
    """End a token now; raises NotFound."""
    revoke = update(ApiToken).where(ApiToken.name == name, ApiToken.revoked_at.is_(None)).values(revoked_at=func.now())
    if not session.execute(revoke.returning(ApiToken.id)).all():
        raise NotFound(f"No valid token is named {name!r}.")
