"""Waiting for something to become true, with a deadline."""

import os
import time
from collections.abc import Callable

DEADLINE_SECONDS = 60


def wait_until(condition: Callable[[], object]) -> None:
    """Return once `condition()` is true; fail if that takes too long."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def has_ended(pid: int) -> bool:
    """Whether there is no such process; with a negative number, none of the group of that number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False
