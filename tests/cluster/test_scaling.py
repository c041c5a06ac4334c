"""Pods by load: a square wave of it, and what the customers of that time see."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from tests.cluster import report
from tests.cluster.prober import Record, audit, probing, stock_up
from tests.cluster.release import QUIET, Release, installed
from tests.cluster.tools import eventually

pytestmark = pytest.mark.full
FEWEST, MOST = 2, 4
PERIODS = 2
PROMISE = "at least 99.9 % good, at most two turns of the pods wanted a period, an upgrade under load keeps the pods"
# A small request is far above what the shop needs at rest, and far below what the wave makes it need.
SETTINGS = (
    "settings.ORDERS_PER_HOUR=1000000,web.autoscaling.enabled=true",
    f"web.autoscaling.minReplicas={FEWEST},web.autoscaling.maxReplicas={MOST},web.autoscaling.cpuPercent=100",
    "web.autoscaling.scaleDownWindowSeconds=30,surfaces.all.resources.requests.cpu=100m",
    QUIET,
)


@pytest.fixture(scope="module")
def release(chart: Path) -> Iterator[Release]:
    """With `values/dev.yaml`, scaled by load."""
    with installed(Release(chart, "dev", "bookstore-scaling", settings=SETTINGS)) as release:
        stock_up(release)
        yield release


def wanted(release: Release) -> int:
    """How many pods the autoscaler wants."""
    (scaler,) = release.objects("horizontalpodautoscalers", "all")
    return int(scaler["status"].get("desiredReplicas", 0))


@contextmanager
def watched(release: Release, record: Record) -> Iterator[list[int]]:
    """Every number of pods that was wanted in the block, each once until the next; the record gets them, too."""
    seen: list[int] = []
    over = threading.Event()

    def watch() -> None:
        ended = False
        while not ended:
            ended = over.wait(2)
            if (count := wanted(release)) != (seen[-1] if seen else None):
                seen.append(count)
                record.mark(f"{count} pods are wanted")

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def turns(counts: list[int]) -> int:
    """How often it went the other way."""
    steps = [second > first for first, second in pairwise(counts)]
    return sum(first != second for first, second in pairwise(steps))


def has(release: Release, count: int) -> bool:
    return wanted(release) == len(release.serving()) == count


def test_a_square_wave_of_load(release: Release) -> None:
    waves: list[Record] = []
    eventually("two pods at rest", lambda: has(release, FEWEST), seconds=300)
    with probing(release, browse=2, buy=1, pause_seconds=0.5) as steady, watched(release, steady) as counts:
        for _ in range(PERIODS):
            with probing(release, browse=12, buy=0, pause_seconds=0.05) as wave:
                eventually("all pods under load", lambda: has(release, MOST), seconds=240)
                before = release.serving()
                release.upgrade()
                assert release.serving() == before
            waves.append(wave)
            eventually("two pods after it", lambda: has(release, FEWEST), seconds=600)
    records = (steady, *waves)
    print(*records, f"wanted: {counts}", sep="\n")  # noqa: T201  # the numbers of the scenario, with pytest -rP
    assert turns(counts) <= 2 * PERIODS
    assert all(each.success >= 0.999 for each in records)
    audit(release, steady.orders)
    together = Record([fate for each in records for fate in each.fates], steady.orders, steady.marks)
    report.write("Two periods of a square wave of load", PROMISE, together)
