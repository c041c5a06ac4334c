"""What staging promises while somebody browses and buys without a break: each scenario with its number.

Each is followed by an audit: no acknowledged order is lost or doubled, and no copy of the book is.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cluster.migration import with_migration
from tests.cluster.prober import Record, audit, probing, stock_up
from tests.cluster.release import SURFACES, Release, installed
from tests.cluster.tools import eventually, get, kubectl, run

SETTINGS = ("hosts.shop.host=prober.localhost", "settings.ORDERS_PER_HOUR=1000000", "backup.enabled=false")
DATABASE = "shop-postgresql-0"
# Requests of an upgrade.
FEWEST = 2000
# Of both surfaces.
PODS = 4
NEXT_RELEASE = "CREATE TABLE of_the_next_release (id bigint PRIMARY KEY)"


@pytest.fixture(scope="module")
def release(chart: Path) -> Iterator[Release]:
    """With `values/staging.yaml`, and a book that everybody buys."""
    with installed(Release(chart, "staging", "bookstore-prober", settings=SETTINGS)) as release:
        stock_up(release)
        yield release


@pytest.fixture(scope="module")
def acknowledged() -> list[str]:
    """The orders of all scenarios."""
    return []


@contextmanager
def proven(release: Release, acknowledged: list[str]) -> Iterator[Record]:
    """Traffic during the block; then all pods serve, and the audit finds every order."""
    with probing(release) as record:
        yield record
        eventually("all pods serve", lambda: len(release.serving()) == len(release.pods()) == PODS, seconds=180)
        before = len(record.orders)
        eventually("orders are taken again", lambda: len(record.orders) > before)
    acknowledged += record.orders
    print(record)  # noqa: T201  # the number of the scenario, with pytest -rP
    audit(release, acknowledged)


def replace(release: Release, *how: str) -> None:
    """Delete the shop's pods, one after the other."""
    for name in sorted(release.pods()):
        kubectl("-n", release.namespace, "delete", "pod", name, *how)

        def is_replaced(name: str = name) -> bool:
            return name not in release.pods() and len(release.serving()) == PODS

        eventually(f"{name} is replaced", is_replaced, seconds=120)


def evict(release: Release, pod: str) -> str:
    """Ask for an eviction; what the server says against it, nothing where it agrees."""
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod, "namespace": release.namespace}}
    where = f"/api/v1/namespaces/{release.namespace}/pods/{pod}/eviction"
    return run("kubectl", "create", "--raw", where, "-f", "-", text=json.dumps(body), check=False).stderr


def drain(release: Release, surface: str) -> None:
    """Evict both pods of a surface: the second must wait for the first's successor."""
    first, second = sorted(release.pods(surface))
    assert not evict(release, first)
    assert "disruption budget" in evict(release, second)
    eventually("the second may go, too", lambda: not evict(release, second), seconds=120)


def test_a_migration_and_the_way_back(release: Release, acknowledged: list[str]) -> None:
    old = release.pods()
    with proven(release, acknowledged) as record:
        release.upgrade(with_migration(release, NEXT_RELEASE))
        new = release.pods() - old
        release.helm("rollback", "--wait=watcher")
        eventually("the new pods are gone", lambda: not release.pods() & new, seconds=120)
        eventually("there were enough requests", lambda: len(record.fates) >= FEWEST, seconds=120)
    assert not record.wrong
    # The old version's Job runs again, on a schema that is newer than its code.
    assert not any(job["status"].get("failed") for job in release.objects("jobs", "migrate"))


@pytest.mark.full
def test_every_pod_is_deleted_in_turn(release: Release, acknowledged: list[str]) -> None:
    with proven(release, acknowledged) as record:
        replace(release, "--wait=false")
    assert not record.wrong


@pytest.mark.full
def test_every_pod_is_killed_in_turn(release: Release, acknowledged: list[str]) -> None:
    with proven(release, acknowledged) as record:
        replace(release, "--grace-period=0", "--force")
    assert record.success >= 0.99


@pytest.mark.full
def test_evictions_keep_to_the_budget(release: Release, acknowledged: list[str]) -> None:
    with proven(release, acknowledged) as record:
        for surface in ("api", "storefront"):
            drain(release, surface)
    assert not record.wrong


def test_the_database_is_killed(release: Release, acknowledged: list[str]) -> None:
    before = release.restarts(*SURFACES)

    def is_ready() -> bool:
        pods = get(release.namespace, "pods", f"--field-selector=metadata.name={DATABASE}")
        return any(
            (each["type"], each["status"]) == ("Ready", "True")
            for pod in pods
            if pod["metadata"]["uid"] != killed
            for each in pod["status"].get("conditions", [])
        )

    with proven(release, acknowledged) as record:
        (pod,) = get(release.namespace, "pods", f"--field-selector=metadata.name={DATABASE}")
        killed = pod["metadata"]["uid"]
        kubectl("-n", release.namespace, "delete", "pod", DATABASE, "--grace-period=0", "--force")
        eventually("the database is ready", is_ready, seconds=120)
        orders = len(record.orders)
        eventually("an order is taken", lambda: len(record.orders) > orders, seconds=10)
    assert record.only_refused(), record.wrong
    assert record.slowest < 10
    assert release.restarts(*SURFACES) == before
