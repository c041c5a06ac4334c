"""A circuit breaker (M. Nygard, Release It!): after a failure nobody tries for some seconds, then one does."""

import threading
import time


class Breaker:
    """Closed while all is well; open, it lets one try through each time that its seconds are over."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next_try: float | None = None

    @property
    def closed(self) -> bool:
        """Whether all is well."""
        return self._next_try is None

    def may_try(self, seconds: float) -> bool:
        """Whether it is this caller's turn while it is open; who gets it says how it went."""
        with self._lock:
            now = time.monotonic()
            if self._next_try is None:
                return True
            if now < self._next_try:
                return False
            self._next_try = now + seconds
            return True

    def fail(self, seconds: float) -> bool:
        """Open for so long; says whether it was closed."""
        with self._lock:
            was_closed = self._next_try is None
            self._next_try = time.monotonic() + seconds
            return was_closed

    def succeed(self) -> bool:
        """Close; says whether it was open."""
        with self._lock:
            was_open = self._next_try is not None
            self._next_try = None
            return was_open
