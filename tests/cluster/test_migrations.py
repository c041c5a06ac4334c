"""However Helm waits, and without Helm: the chart installs, and the next release's migration comes before its pods."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.cluster import argo, outside
from tests.cluster.migration import with_migration
from tests.cluster.release import QUIET, Release
from tests.cluster.tools import eventually, kubectl, make_namespace

pytestmark = pytest.mark.full
NEXT_RELEASE = "CREATE TABLE of_the_next_release (id bigint PRIMARY KEY)"
# What is there for the role of the shop.
IS_THERE = """
from bookstore.config import Settings
from sqlalchemy import create_engine, text
with create_engine(Settings.load().database).connect() as connection:
    print(connection.scalar(text("SELECT to_regclass('public.of_the_next_release') IS NOT NULL")))
"""
DEPLOYMENT = "deployment/shop-bookstore-all"


@dataclass(frozen=True)
class Way:
    """A program, and how it waits."""

    program: str
    wait: str

    def install(self, release: Release) -> None:
        """Bring it into its namespace."""
        if self.program == "argo":
            argo.sync(release)
        else:
            release.install(program=self.program, wait=self.wait)

    def upgrade(self, release: Release, values: str) -> None:
        """Bring it up to date with more values."""
        if self.program == "argo":
            argo.sync(replace(release, settings=(*release.settings, values)))
        else:
            release.upgrade(values, program=self.program, wait=self.wait)


WAYS = {
    "watcher": Way("helm", "--wait=watcher"),
    "legacy": Way("helm", "--wait=legacy"),
    "no-wait": Way("helm", "--wait=hookOnly"),
    "argo": Way("argo", ""),
    "helm3": Way("helm3", "--wait"),
}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    """Each by its name."""
    name = str(request.param)
    if WAYS[name].program == "helm3" and shutil.which("helm3") is None:
        pytest.skip("helm3 is not on PATH")
    return name


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[outside.Database]:
    """A PostgreSQL that the chart did not make."""
    with outside.installed(tmp_path_factory.mktemp("tls"), outside.ANOTHER) as database:
        yield database


@pytest.fixture(params=["beside", "before"])
def release(request: pytest.FixtureRequest, way: str, chart: Path, database: outside.Database) -> Iterator[Release]:
    """A namespace for it. With the bundled database a Job beside the pods migrates it, with another one before them."""
    name = f"{request.param}-{way}"
    settings: tuple[str, ...] = (
        f"hosts.shop.host={name}.localhost",
        "payment.provider=none,payment.sandbox.enabled=false,web.workers=1",
        QUIET,
    )
    if request.param == "before":
        database.sql(f'CREATE DATABASE "{name}" OWNER bookstore_owner')
        settings += database.settings(name)
    release = Release(chart, "dev", f"bookstore-{name}", settings=settings)
    make_namespace(release.namespace)
    if request.param == "before":
        database.make_secrets(release.namespace)
    yield release
    kubectl("delete", "namespace", release.namespace, "--wait=false")


def test_it_installs_and_upgrades(release: Release, way: str) -> None:
    WAYS[way].install(release)
    rolled_out(release)
    assert not is_there(release)
    old = release.serving()
    WAYS[way].upgrade(release, with_migration(release, NEXT_RELEASE))
    rolled_out(release)
    assert is_there(release)
    assert not release.serving() & old
    assert not release.restarts()
    where = ("-n", release.namespace, "-l", "app.kubernetes.io/component=migrate")
    logs = ("logs", *where, "--all-containers", "--prefix")
    assert not any(job["status"].get("failed") for job in release.objects("jobs", "migrate")), kubectl(*logs)


def rolled_out(release: Release) -> None:
    """Its pods are those of the last release, and answer."""
    kubectl("-n", release.namespace, "rollout", "status", DEPLOYMENT, "--timeout=300s")
    eventually("it answers", release.answers)


def is_there(release: Release) -> bool:
    """Whether the next release's table is."""
    return release.execute("python", "-c", IS_THERE).strip() == "True"
