"""What staging promises while somebody browses and buys without a break: each scenario with its number.

Each is followed by an audit: no acknowledged order is lost or doubled, and no copy of the book is.
"""

import pytest

from bookstore.conformance.objects import is_ready
from tests.cluster.migration import with_migration
from tests.cluster.proving import DATABASE, PODS, Shop
from tests.cluster.release import SURFACES, Release
from tests.cluster.tools import eventually, kubectl

# Requests of an upgrade.
FEWEST = 2000
# As often as Knative's test/ha deletes every pod of what it probes.
REPETITIONS = 4
# The surfaces of staging.
SPLIT = ("api", "storefront")
AWAY = "good or 503 with `Retry-After`, none slower than 10 s; an order within 10 s of its readiness; no restart"
NEXT_RELEASE = "CREATE TABLE of_the_next_release (id bigint PRIMARY KEY)"


def replace(release: Release, *how: str) -> None:
    """Delete every pod of the shop, some times over: one of each surface, and the next when all serve again."""
    for _ in range(REPETITIONS):
        for doomed in zip(*(sorted(release.pods(surface)) for surface in SPLIT), strict=True):
            kubectl("-n", release.namespace, "delete", "pod", *doomed, *how)

            def are_replaced(gone: tuple[str, ...] = doomed) -> bool:
                return not release.pods() & set(gone) and len(release.serving()) == PODS

            eventually(f"{' and '.join(doomed)} are replaced", are_replaced, seconds=120)


def drain(release: Release, surface: str) -> None:
    """Evict both pods of a surface: the second must wait for the first's successor."""
    first, second = sorted(release.pods(surface))
    assert not release.evict(first)
    assert "disruption budget" in release.evict(second)
    eventually("the second may go, too", lambda: not release.evict(second), seconds=120)


def test_a_migration_and_the_way_back(shop: Shop) -> None:
    release = shop.release
    old = release.pods()
    with shop.proven("An upgrade with a migration, then a rollback", "no failed request of at least 2,000") as record:
        record.mark("helm upgrade")
        release.upgrade(with_migration(release, NEXT_RELEASE))
        new = release.pods() - old
        record.mark("helm rollback")
        release.helm("rollback", "--wait=watcher")
        eventually("the new pods are gone", lambda: not release.pods() & new, seconds=120)
        eventually("there were enough requests", lambda: len(record.fates) >= FEWEST, seconds=120)
    assert not record.wrong
    # The old version's Job runs again, on a schema that is newer than its code.
    assert not any(job["status"].get("failed") for job in release.objects("jobs", "migrate"))


@pytest.mark.full
def test_every_pod_is_deleted_in_turn(shop: Shop) -> None:
    with shop.proven("Every pod deleted in turn, four times", "no failed request") as record:
        replace(shop.release, "--wait=false")
    assert not record.wrong


@pytest.mark.full
def test_every_pod_is_killed_in_turn(shop: Shop) -> None:
    with shop.proven("Every pod killed in turn (SIGKILL), four times", "at least 99 % good") as record:
        replace(shop.release, "--grace-period=0", "--force")
    assert record.success >= 0.99


@pytest.mark.full
def test_evictions_keep_to_the_budget(shop: Shop) -> None:
    promise = "the budget refuses the second of two, no failed request"
    with shop.proven("Every pod evicted", promise) as record:
        for surface in SPLIT:
            drain(shop.release, surface)
    assert not record.wrong


def test_the_database_is_killed(shop: Shop) -> None:
    before = shop.release.restarts(*SURFACES)
    (killed,) = shop.database()

    def is_back() -> bool:
        return any(is_ready(pod) for pod in shop.database() if pod["metadata"]["uid"] != killed["metadata"]["uid"])

    with shop.proven("The database's pod killed", AWAY) as record:
        record.mark("the database is killed")
        kubectl("-n", shop.release.namespace, "delete", "pod", DATABASE, "--grace-period=0", "--force")
        eventually("the database is ready", is_back, seconds=120)
        record.mark("it is ready")
        shop.sells(record, seconds=10)
    assert record.only_refused(), record.wrong
    assert record.slowest < 10
    assert shop.release.restarts(*SURFACES) == before
