"""When a request came: the worker knows it, and logs and metrics count from then."""

import time
from contextvars import ContextVar

# When it began to wait for a thread, in seconds of `time.perf_counter`.
QUEUED: ContextVar[float | None] = ContextVar("queued", default=None)


def arrived() -> float:
    """When the request came, in seconds of `time.perf_counter`: since then its sender waits, be it for a thread."""
    return QUEUED.get() or time.perf_counter()
