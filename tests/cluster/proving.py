"""A shop under traffic while something is done to it: what became of each request, and whether an order is lost."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.cluster import report
from tests.cluster.prober import SHOWN, Record, audit, probing
from tests.cluster.release import QUIET, Release
from tests.cluster.tools import Object, eventually, get

# It promises much, and so asks for more of the node than what only starts beside it; yet a new connection to a database
# on such a node may take longer than the two seconds after which a shop would rather say 503.
SETTINGS = (
    "settings.ORDERS_PER_HOUR=1000000,settings.DATABASE_CONNECT_TIMEOUT_SECONDS=5,backup.enabled=false",
    "web.resources.requests.cpu=30m,postgresql.primary.resources.requests.cpu=60m",
    QUIET,
)
DATABASE = "shop-postgresql-0"
# Of both surfaces.
PODS = 4


@dataclass(frozen=True)
class Shop:
    """A release that sells, and the orders that it has acknowledged."""

    release: Release
    acknowledged: list[str] = field(default_factory=list)

    @contextmanager
    def proven(self, scenario: str, promise: str) -> Iterator[Record]:
        """Traffic during the block; then all pods serve, and the audit finds every order. The report gets both texts.

        What the record must show is the test's to say in the block, or after it.
        """
        record = Record()
        try:
            with probing(self.release) as record:
                yield record
                eventually("all pods serve", self.is_whole, seconds=180)
                record.mark("all pods serve")
                self.sells(record)
        finally:
            # Also of a scenario that failed: the next one's audit finds them.
            self.acknowledged.extend(record.orders)
        # The number of the scenario, with pytest -rP or where it failed; and why, as far as the shop knows.
        print(record, *(self.release.warnings()[:SHOWN] if record.wrong else ()), sep="\n")  # noqa: T201
        audit(self.release, self.acknowledged)
        report.write(scenario, promise, record)

    def sells(self, record: Record, seconds: float = 60) -> None:
        """See it take an order from now on."""
        before = len(record.orders)
        eventually("an order is taken", lambda: len(record.orders) > before, seconds)

    def is_whole(self) -> bool:
        """Whether it has as many pods as it should, and all of them get requests."""
        return len(self.release.serving()) == len(self.release.pods()) == PODS

    def database(self) -> list[Object]:
        """The pod of its database, if there is one just now."""
        return get(self.release.namespace, "pods", fields=f"metadata.name={DATABASE}")
