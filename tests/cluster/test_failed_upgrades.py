"""Upgrades that go wrong while somebody browses and buys: the old pods serve on, and the next upgrade works."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.cluster.migration import BROKEN, GIVE_UP, LONGEST, REASON, with_migration
from tests.cluster.proving import Shop
from tests.cluster.release import Release
from tests.cluster.tools import eventually, kubectl, make_namespace

pytestmark = pytest.mark.full

# The schema, column by column, and its revision.
SCHEMA = """
from bookstore.config import Settings
from sqlalchemy import create_engine, text
COLUMNS = "SELECT table_name, column_name, data_type FROM information_schema.columns " \\
    "WHERE table_schema = 'public' ORDER BY 1, 2"
with create_engine(Settings.load().database).connect() as connection:
    print(connection.execute(text(COLUMNS)).all(), connection.scalar(text("SELECT version_num FROM alembic_version")))
"""
# Beside the shop, which is well: what has not begun yet could be evicted anyway.
CRASHING = (
    "backup.enabled=false",
    "web.sidecars.crash.image=docker.io/library/postgres:17-trixie",
    "web.sidecars.crash.command={sh,-c,exit 1}",
    "web.sidecars.crash.securityContext.allowPrivilegeEscalation=false",
    "web.sidecars.crash.securityContext.capabilities.drop={ALL}",
)
SLOW = "SELECT pg_sleep(30)"


def schema(shop: Shop) -> str:
    """The schema of the shop's database."""
    return shop.release.execute("python", "-c", SCHEMA)


def test_a_migration_fails(shop: Shop) -> None:
    release, before, old = shop.release, schema(shop), shop.release.pods()
    promise = "its reason in the Job's log, no failed request, the schema as it was, the next upgrade works"
    with shop.proven("A migration that fails", promise) as record:
        good = {job["metadata"]["name"] for job in release.objects("jobs", "migrate")}
        record.mark("helm upgrade")
        broken = f"{with_migration(release, BROKEN)},{GIVE_UP}"
        release.upgrade(broken, timeout=LONGEST, fails=True)
        record.mark("it has failed")
        (bad,) = {job["metadata"]["name"] for job in release.objects("jobs", "migrate")} - good
        logs = ("-n", release.namespace, "logs", f"job/{bad}", "-c", "migrate")
        eventually("the Job says why", lambda: REASON in kubectl(*logs, check=False))
        # However Helm waits.
        release.upgrade(broken, wait="--wait=legacy", timeout="10s", fails=True)
        release.upgrade(broken, wait="--wait=hookOnly")
        assert old <= release.serving()
        assert schema(shop) == before
        record.mark("the next upgrade")
        release.upgrade()
    assert not record.wrong
    assert release.pods() == old


def test_helm_is_killed(shop: Shop) -> None:
    """docs/runbooks/helm-interrupted.md, step by step."""
    release, old = shop.release, shop.release.pods()
    with shop.proven(
        "Helm killed in an upgrade", "no failed request; the runbook's way back and the next upgrade work"
    ) as record:
        later = with_migration(release, SLOW)
        command = ["helm", "upgrade", release.name, str(release.chart), "-n", release.namespace, *release.values]
        with subprocess.Popen([*command, "--set", later, "--wait"], stdout=subprocess.DEVNULL) as helm:
            eventually("new pods come", lambda: bool(release.pods() - old), seconds=120)
            helm.kill()
        record.mark("Helm is killed")
        assert state(shop) == "pending-upgrade"
        assert "in progress" in release.upgrade(fails=True)
        release.helm("rollback", "--wait", "--timeout=5m")
        record.mark("helm rollback is done")
        assert old <= release.serving()
        release.upgrade(later)
        record.mark("the upgrade is done")
        eventually("only new pods serve", lambda: not release.pods() & old, seconds=120)
    assert not record.wrong
    assert state(shop) == "deployed"


def state(shop: Shop) -> str:
    """That of the last revision, as Helm has it."""
    return str(json.loads(shop.release.helm("history", "--output=json"))[-1]["status"])


def test_a_pod_that_always_crashes_can_be_evicted(chart: Path) -> None:
    """Else it would keep its node from being drained: none is healthy, and so the budget allows none to go."""
    release = Release(chart, "staging", "bookstore-crashing", settings=CRASHING)
    make_namespace(release.namespace)
    try:
        release.install(wait="--wait=hookOnly")
        eventually("both crash", lambda: len(release.restarts("api")) == len(release.pods("api")) == 2, seconds=240)
        assert not release.serving("api")
        (budget,) = release.objects("poddisruptionbudgets", "api")
        assert budget["status"]["disruptionsAllowed"] == 0
        pod = min(release.pods("api"))
        assert not release.evict(pod)
        eventually("it is gone", lambda: pod not in release.pods("api"), seconds=120)
    finally:
        kubectl("delete", "namespace", release.namespace, "--wait=false")
