"""Staging: production's shape on the bundled database, migrated by a Job beside the release."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.every import EveryEnvironment
from tests.cluster.probe import METRICS, SHOP, Probe, at, probe
from tests.cluster.release import Release, installed, undisturbed
from tests.cluster.tools import apply, kubectl

DATABASE = 5432
BROKEN = """
from alembic import op
revision = "9999"
down_revision = "{newest}"
def upgrade():
    op.execute("ALTER TABLE no_such_table ADD column_of_it int")
"""
GIVE_UP = "migrations.backoffLimit=0,migrations.waitTimeoutSeconds=10,web.progressDeadlineSeconds=15"
REASON = 'relation "no_such_table" does not exist'


@pytest.fixture(scope="module")
def release(chart: Path) -> Iterator[Release]:
    """With `values/staging.yaml`."""
    with installed(Release(chart, "staging", "bookstore-staging")) as release:
        yield release


class TestStaging(EveryEnvironment):
    pass


@pytest.fixture(scope="module")
def broken(release: Release) -> str:
    """Values that add a migration that fails to the code: pods with it wait for a schema that never comes.

    Helm goes on waiting for those pods after the Job has failed, until their Deployment gives up.
    """
    script = "from bookstore import schema as s; print(s.MIGRATIONS / 'versions', s.known_revisions()[0])"
    folder, newest = release.execute("python", "-c", script).split()
    step = {"metadata": {"name": "step"}, "data": {"9999.py": BROKEN.format(newest=newest)}}
    apply(release.namespace, {"apiVersion": "v1", "kind": "ConfigMap"} | step)
    volume = {"mountPath": f"{folder}/9999.py", "subPath": "9999.py", "spec.configMap.name": "step"}
    sets = [f"workload.volumes.step.{key}={value}" for key, value in volume.items()]
    return ",".join([*sets, GIVE_UP])


class TestMigration:
    def test_failing_it_leaves_the_old_pods_serving_however_helm_waits(self, release: Release, broken: str) -> None:
        good = {job["metadata"]["name"] for job in release.objects("jobs", "migrate")}
        with undisturbed(release):
            said = release.upgrade(broken, fails=True)
            assert "context deadline" not in said, "it ended with Helm's time alone"
            (bad,) = {job["metadata"]["name"] for job in release.objects("jobs", "migrate")} - good
            assert bad in said
            assert REASON in kubectl("-n", release.namespace, "logs", f"job/{bad}")
        with undisturbed(release):
            release.upgrade(broken, wait="--wait=legacy", timeout="10s", fails=True)
        with undisturbed(release):
            release.upgrade(broken, wait="--wait=hookOnly")
        with undisturbed(release):
            release.upgrade()

    def test_going_back_on_failure_touches_no_pod(self, release: Release, broken: str) -> None:
        with undisturbed(release):
            release.upgrade(broken, wait="--rollback-on-failure", fails=True)
            (*_, last) = json.loads(release.helm("history", "--output=json"))
            assert (last["status"], last["description"][:8]) == ("deployed", "Rollback")
        assert "FAIL" not in release.execute("bookstore", "doctor")


def test_strangers_reach_the_shop_but_neither_its_database_nor_its_metrics(release: Release) -> None:
    pods = release.addresses()
    database = f"shop-postgresql.{release.namespace}.svc:{DATABASE}"
    with probe(release.namespace, release) as neighbour, probe("default", release) as stranger:
        for each in (neighbour, stranger):
            assert each.reached({database, *at(pods, SHOP), *at(pods, METRICS)}) == at(pods, SHOP)
    assert Probe(release.namespace, "deploy/shop-bookstore-api").reached({database}) == {database}
