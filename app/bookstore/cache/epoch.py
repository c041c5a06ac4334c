"""The epoch of all that is kept: in the database, changed by whoever could not tell the cache of a change.

Each process looks every second at most, so that what a server missed while it was away is served no longer.
"""

import threading
import time

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from bookstore.cache.models import CacheEpoch
from bookstore.db import db, reading

LOOK_AGAIN_SECONDS = 1.0
READ = select(CacheEpoch.epoch)
NEW = insert(CacheEpoch).values(epoch=func.gen_random_uuid())
CHANGE = NEW.on_conflict_do_update(index_elements=["id"], set_={"epoch": NEW.excluded.epoch}).returning(
    CacheEpoch.epoch
)


class Epoch:
    """The epoch as this process knows it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._value = ""
        self._until = 0.0
        self._failed_at, self._failure = 0.0, SQLAlchemyError()

    def current(self) -> str:
        """The epoch of a second ago or later; raises as any read of the database does."""
        if (came := time.monotonic()) >= self._until:
            with self._lock:
                # Who has waited while another asked in vain need not wait for as long again, one after the other.
                if came <= self._failed_at:
                    raise self._failure.with_traceback(None)
                if (now := time.monotonic()) >= self._until:
                    self._value = self._look()
                    self._until = now + LOOK_AGAIN_SECONDS
        return self._value

    def known(self) -> str | None:
        """The same without asking; None when it is time to look again."""
        return self._value if time.monotonic() < self._until else None

    def _look(self) -> str:
        try:
            with reading() as session:
                return str(session.scalar(READ) or "")
        except SQLAlchemyError as error:
            self._failed_at, self._failure = time.monotonic(), error
            raise

    def expire(self) -> None:
        """Look again the next time."""
        with self._lock:
            self._until = 0.0

    def change(self) -> None:
        """Begin a new one: nothing that was kept until now is served any more."""
        with self._lock, db.engine.connect() as connection:
            self._value = str(connection.scalar(CHANGE))
