"""Single flight: of those in a process who want the same at once, one makes it, and the others wait for that."""

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future


class Flights:
    """What is being made just now."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: dict[Hashable, Future[bytes]] = {}

    def join(self, key: Hashable, make: Callable[[], bytes]) -> bytes:
        """What `make` gives, here or to whoever was first; after a failure of that one, each makes its own."""
        with self._lock:
            future = self._made.get(key)
            first = future is None
            if future is None:
                future = self._made[key] = Future()
        if not first:
            return make() if future.exception() else future.result()
        try:
            made = make()
        except BaseException as error:
            future.set_exception(error)
            raise
        else:
            future.set_result(made)
            return made
        finally:
            with self._lock:
                del self._made[key]
