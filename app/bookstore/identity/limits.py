"""Limits of how often something may be tried, counted in PostgreSQL: the same for all processes together.

Count in a unit of work of its own, before the try: what is rolled back is not counted.
"""

import hashlib
import ipaddress
import math
from datetime import timedelta

from flask import request
from sqlalchemy import Interval, and_, bindparam, case, delete, func, literal_column, not_, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bookstore.errors import TooManyRequests
from bookstore.i18n.messages import ngettext
from bookstore.identity.models import RateLimit

FREE_GUESSES = 5
FIRST_DELAY_SECONDS, LONGEST_DELAY_SECONDS = 30, 900
# After so long without a guess all is forgiven.
FORGIVEN_AFTER = timedelta(days=1)

_window = func.now() + bindparam("window", type_=Interval)
_is_over = RateLimit.ends_at <= func.now()
HIT = (
    insert(RateLimit)
    .values(sha256=bindparam("bucket"), hits=1, ends_at=_window)
    .on_conflict_do_update(
        index_elements=[RateLimit.sha256],
        set_={
            "hits": case((_is_over, 1), else_=RateLimit.hits + 1),
            "ends_at": case((_is_over, _window), else_=RateLimit.ends_at),
        },
    )
    .returning(RateLimit.hits, literal_column("rate_limit.ends_at - now()", Interval))
)


def hit(session: Session, bucket: str, limit: int, window_seconds: int) -> None:
    """Count one more in a window of time that begins with the first; raises TooManyRequests beyond the limit."""
    values = {"bucket": _digest(bucket), "window": timedelta(seconds=window_seconds)}
    hits, left = session.connection().execute(HIT, values).one()
    if hits > limit:
        raise _too_many(left)


def guess(session: Session, bucket: str) -> None:
    """Count a guess at a secret: the first few are free, then each must wait twice as long as the one before.

    Raises TooManyRequests while it must wait; such a guess must not be looked at, and does not count.
    """
    forgiven = RateLimit.ends_at < func.now() - FORGIVEN_AFTER
    doublings = func.least(RateLimit.hits + 1 - FREE_GUESSES, 10)
    seconds = func.least(FIRST_DELAY_SECONDS * func.power(2, doublings), LONGEST_DELAY_SECONDS)
    delay = func.make_interval(0, 0, 0, 0, 0, 0, seconds)
    must_wait = and_(RateLimit.hits >= FREE_GUESSES, RateLimit.ends_at > func.now())
    counted = session.scalar(
        insert(RateLimit)
        .values(sha256=_digest(bucket), hits=1, ends_at=func.now())
        .on_conflict_do_update(
            index_elements=[RateLimit.sha256],
            set_={
                "hits": case((forgiven, 1), else_=RateLimit.hits + 1),
                "ends_at": case((or_(forgiven, doublings < 0), func.now()), else_=func.now() + delay),
            },
            where=not_(must_wait),
        )
        .returning(RateLimit.hits)
    )
    if counted is None:
        wait = select(literal_column("rate_limit.ends_at - now()", Interval)).where(RateLimit.sha256 == _digest(bucket))
        raise _too_many(session.scalar(wait) or timedelta())


def forget(session: Session, *buckets: str) -> None:
    """Start counting anew, as after a right guess."""
    session.execute(delete(RateLimit).where(RateLimit.sha256.in_([_digest(bucket) for bucket in buckets])))


def purge(session: Session) -> int:
    """Remove what no longer limits anything; gives how many."""
    over = delete(RateLimit).where(RateLimit.ends_at < func.now() - FORGIVEN_AFTER)
    return len(session.scalars(over.returning(RateLimit.sha256)).all())


def client_network() -> str:
    """Who sends the request: an IPv4 address, or the /64 of an IPv6 one, since one machine has all of it."""
    try:
        address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return "unknown"
    return str(ipaddress.ip_network((address, 64), strict=False) if address.version == 6 else address)


def _digest(bucket: str) -> bytes:
    # Names and addresses of people stay out of the table, and one length fits all.
    return hashlib.sha256(bucket.encode("utf-8", "surrogatepass")).digest()


def _too_many(wait: timedelta) -> TooManyRequests:
    seconds = max(1, math.ceil(wait.total_seconds()))
    if seconds < 90:
        detail = ngettext(
            "This was tried too often: wait one second, then try again.",
            "This was tried too often: wait %(num)s seconds, then try again.",
            seconds,
        )
    else:
        detail = ngettext(
            "This was tried too often: wait one minute, then try again.",
            "This was tried too often: wait %(num)s minutes, then try again.",
            math.ceil(seconds / 60),
        )
    return TooManyRequests(detail, seconds)
