"""The pool of database connections, measured: how many are in use, and how long requests wait for one."""

from typing import Any

from prometheus_client import Gauge, Histogram
from sqlalchemy import Engine, event
from sqlalchemy.pool import PoolProxiedConnection, QueuePool

from bookstore.config import Settings

BUCKETS_SECONDS = (0.001, 0.005, 0.025, 0.1, 0.5, 1.0, 2.0, 5.0)
MARK = "counted"

IN_USE = Gauge("bookstore_db_connections_in_use", "Pooled connections that are in use.", multiprocess_mode="livesum")
LIMIT = Gauge(
    "bookstore_db_connections_limit", "Connections that the pools of all workers may hold.", multiprocess_mode="max"
)
WAIT = Histogram(
    "bookstore_db_connection_wait_seconds",
    "Time to get a connection: to wait for a free one, or to open one.",
    buckets=BUCKETS_SECONDS,
)


class MeasuredPool(QueuePool):
    """SQLAlchemy's pool, timed."""

    def connect(self) -> PoolProxiedConnection:
        """Hand a connection out; raises as QueuePool does, and the time until then counts, too."""
        with WAIT.time():
            connection = super().connect()
        if (info := connection.record_info) is not None:
            info[MARK] = True
            IN_USE.inc()
        return connection


def measure(engine: Engine, settings: Settings) -> None:
    """Count what comes back to the pool, and show how many there may be."""
    LIMIT.set(settings.web_workers * settings.web_threads)
    event.listen(engine, "checkin", _returned)


def _returned(_connection: Any, record: Any) -> None:
    # What failed on its way out comes back, too, and was never counted.
    if record.record_info.pop(MARK, False):
        IN_USE.dec()
