"""The epoch while the database does not answer: who waits for another's question does not wait for its own, too."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from sqlalchemy.exc import OperationalError

from bookstore.cache import epoch


class Database:
    """Hangs, and then has no answer; notes who looks at the clock, which is the first that one does who asks."""

    def __init__(self) -> None:
        self.asked = 0
        self.looks = threading.Semaphore(0)
        self.over = threading.Event()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Use it."""
        self.asked += 1
        self.over.wait()
        raise OperationalError("SELECT", {}, Exception("no answer"))
        yield

    def monotonic(self) -> float:
        """The clock."""
        now = time.monotonic()
        self.looks.release()
        return now


def test_one_that_waited_for_another_s_failure_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    database = Database()
    monkeypatch.setattr(epoch, "reading", database.reading)
    monkeypatch.setattr(epoch, "time", SimpleNamespace(monotonic=database.monotonic))
    shown = epoch.Epoch()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(shown.current)
        # Before the lock, and with it.
        for _ in range(2):
            database.looks.acquire()
        second = pool.submit(shown.current)
        database.looks.acquire()
        database.over.set()
        for one in (first, second):
            assert isinstance(one.exception(), OperationalError)
    assert database.asked == 1
    with pytest.raises(OperationalError):
        shown.current()
    assert database.asked == 2, "who comes later asks anew"
