"""What Prometheus learns of the cache."""

from prometheus_client import Counter, Gauge

READS = Counter(
    "bookstore_cache_reads_total", "Reads: hit, miss, skipped while the breaker is open, or error.", ["result"]
)
ERRORS = Counter("bookstore_cache_errors_total", "Commands that failed, by reason.", ["reason"])
FORGOTTEN = Counter(
    "bookstore_cache_invalidations_total",
    "Changes that the cache was told of, or missed while it was away.",
    ["result"],
)
BREAKERS_OPEN = Gauge(
    "bookstore_cache_breakers_open",
    "Worker processes that leave the cache alone just now.",
    multiprocess_mode="livesum",
)


def begin() -> None:
    """Show 0 for what has not been yet."""
    for counter, values in (
        (READS, ("hit", "miss", "skipped", "error")),
        (ERRORS, ("timeout", "connection", "refused", "full")),
        (FORGOTTEN, ("told", "missed")),
    ):
        for value in values:
            counter.labels(value)
