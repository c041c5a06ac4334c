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
            argo.install(release)
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


# With the bundled database a Job beside the pods migrates it, with another one before them, as a hook: what Helm waits
# for then makes no difference.
CASES = [*(("beside", way) for way in WAYS), ("before", "watcher"), ("before", "argo")]
# This one is tried with each change: Argo CD makes the bundled database after it has run the hooks.
ALWAYS = ("beside", "argo")


@pytest.fixture(
    params=[pytest.param(one, id="-".join(one), marks=() if one == ALWAYS else pytest.mark.full) for one in CASES]
)
def place_and_way(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Each, where its program is there."""
    place, way = request.param
    if WAYS[way].program == "helm3" and shutil.which("helm3") is None:
        pytest.skip("helm3 is not on PATH")
    return place, way


@pytest.fixture
def way(place_and_way: tuple[str, str]) -> Way:
    """Its program."""
    return WAYS[place_and_way[1]]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[outside.Database]:
    """A PostgreSQL that the chart did not make."""
    with outside.installed(tmp_path_factory.mktemp("tls"), outside.ANOTHER) as database:
        yield database


@pytest.fixture
def release(place_and_way: tuple[str, str], chart: Path, request: pytest.FixtureRequest) -> Iterator[Release]:
    """A namespace for it."""
    place, _ = place_and_way
    name = "-".join(place_and_way)
    settings: tuple[str, ...] = (
        "payment.provider=none,payment.sandbox.enabled=false,web.workers=1",
        QUIET,
    )
    namespace = f"bookstore-{name}"
    make_namespace(namespace)
    if place == "before":
        database: outside.Database = request.getfixturevalue("database")
        database.sql(f'CREATE DATABASE "{name}" OWNER bookstore_owner')
        database.make_secrets(namespace)
        settings += database.settings(name)
    release = Release(chart, "dev", namespace, settings=settings)
    yield release
    kubectl("delete", "namespace", release.namespace, "--wait=false")


def test_it_installs_and_upgrades(release: Release, way: Way) -> None:
    way.install(release)
    rolled_out(release)
    assert not is_there(release)
    old = release.serving()
    way.upgrade(release, with_migration(release, NEXT_RELEASE))
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
