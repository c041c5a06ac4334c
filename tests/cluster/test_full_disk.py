"""PostgreSQL's disk is full while somebody browses and buys: a small volume in memory, of this release alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.prober import Fate, stock_up
from tests.cluster.proving import DATABASE, SETTINGS, Shop
from tests.cluster.release import SURFACES, Release, installed
from tests.cluster.tools import eventually, kubectl

pytestmark = pytest.mark.full

FOLDER = "/small"
# The chart's own volume, and one whose end PostgreSQL meets soon; its log keeps to four segments of 16 MB.
SMALL = (
    "postgresql.primary.persistence.enabled=false",
    f"postgresql.postgresqlDataDir={FOLDER}/data",
    "postgresql.primary.extraVolumes[0].name=run",
    "postgresql.primary.extraVolumes[0].emptyDir.medium=Memory",
    "postgresql.primary.extraVolumes[0].emptyDir.sizeLimit=1Mi",
    "postgresql.primary.extraVolumes[1].name=small",
    "postgresql.primary.extraVolumes[1].emptyDir.medium=Memory",
    "postgresql.primary.extraVolumes[1].emptyDir.sizeLimit=256Mi",
    "postgresql.primary.extraVolumeMounts[0].name=run",
    "postgresql.primary.extraVolumeMounts[0].mountPath=/var/run/postgresql",
    "postgresql.primary.extraVolumeMounts[1].name=small",
    f"postgresql.primary.extraVolumeMounts[1].mountPath={FOLDER}",
    "postgresql.primary.args={-c,max_wal_size=64MB}",
)


@pytest.fixture(scope="module")
def small(chart: Path) -> Iterator[Shop]:
    """Staging, with its database on a small volume."""
    settings = (*SETTINGS, *SMALL)
    with installed(Release(chart, "staging", "bookstore-full-disk", settings=settings)) as release:
        stock_up(release)
        yield Shop(release)


def is_refused_change(fate: Fate) -> bool:
    """Whether it is what a full disk does to what would need room."""
    return fate.is_refused and fate.what in ("cart", "line", "order")


def test_the_disk_is_full(small: Shop) -> None:
    shop = small
    before = shop.release.restarts(*SURFACES)

    def on_the_disk(command: str) -> str:
        return kubectl("-n", shop.release.namespace, "exec", DATABASE, "--", "sh", "-c", command, check=False)

    promise = "changes good or 503 with `Retry-After`, reading good; orders again once there is room; no restart"
    with shop.proven("PostgreSQL's disk full", promise) as record:
        shop.sells(record)
        record.mark("the disk is full")
        on_the_disk(f"cat /dev/zero > {FOLDER}/filler")
        full = len(record.fates)
        eventually("a change is refused", lambda: any(map(is_refused_change, record.fates[full:])), seconds=180)
        with shop.release.client() as client:
            for path in ("/", "/api/v1/books"):
                assert client.get(path).status_code == 200, path
        on_the_disk(f"rm {FOLDER}/filler")
        record.mark("it has room again")
        shop.sells(record)
    assert record.only_refused(), record.wrong
    assert shop.release.restarts(*SURFACES) == before
