"""Requests that may be repeated: the first answer is kept, in the transaction that made it true.

draft-ietf-httpapi-idempotency-key-header-07. A second request with the same key waits for the first to end; where that
one failed, nothing was kept, and the second takes its place.
"""

import hashlib
from datetime import timedelta

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bookstore.errors import InvalidInput
from bookstore.i18n.messages import gettext
from bookstore.orders.models import IdempotencyKey

KEPT_FOR = timedelta(hours=72)
PURGED_AT_ONCE = 1000
ADD = (
    insert(IdempotencyKey)
    .values(key=bindparam("key"), request_sha256=bindparam("digest"))
    .on_conflict_do_nothing()
    .returning(IdempotencyKey.key)
)
KEEP = update(IdempotencyKey).where(IdempotencyKey.key == bindparam("of_key")).values(answer=bindparam("answer"))


def earlier_answer(session: Session, key: str, request: bytes) -> bytes | None:
    """What was answered to this key before, None for a new one; raises InvalidInput where the request was another."""
    digest = hashlib.sha256(request).digest()
    if session.connection().scalar(ADD, {"key": key, "digest": digest}) is not None:
        return None
    kept = session.execute(
        select(IdempotencyKey.request_sha256, IdempotencyKey.answer).where(IdempotencyKey.key == key)
    ).one()
    if kept.request_sha256 != digest:
        raise InvalidInput(
            gettext("This Idempotency-Key was sent with another request: use a new one for a new request.")
        )
    return bytes(kept.answer)


def keep_answer(session: Session, key: str, answer: bytes) -> None:
    """Keep the answer to a new key."""
    session.connection().execute(KEEP, {"of_key": key, "answer": answer})


def purge(session: Session) -> int:
    """Remove some of the keys that are older than they are kept; gives how many, 0 when none are left."""
    old = IdempotencyKey.created_at < func.now() - KEPT_FOR
    some = select(IdempotencyKey.key).where(old).limit(PURGED_AT_ONCE).with_for_update(skip_locked=True)
    gone = delete(IdempotencyKey).where(IdempotencyKey.key.in_(some)).returning(IdempotencyKey.key)
    return len(session.scalars(gone).all())
