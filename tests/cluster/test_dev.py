"""Development: one small shop with everything in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.every import EveryEnvironment
from tests.cluster.release import Release, installed
from tests.cluster.tools import eventually


@pytest.fixture(scope="module")
def release(chart: Path) -> Iterator[Release]:
    """With `values/dev.yaml`."""
    with installed(Release(chart, "dev", "bookstore-dev")) as release:
        yield release


class TestDev(EveryEnvironment):
    pass


def test_a_second_release_lives_beside_the_first_under_a_uid_of_the_cluster_s_choice(release: Release) -> None:
    security = "workload.podSecurityContext"
    settings = (
        "hosts.shop.host=other.localhost",
        f"{security}.runAsUser=1000670000,{security}.runAsGroup=0,{security}.fsGroup=1000670000",
    )
    other = Release(release.chart, "dev", release.namespace, "other", settings)
    other.install()
    try:
        eventually("the second answers", other.answers)
        assert release.answers()
        assert "FAIL" not in other.execute("bookstore", "doctor")
    finally:
        other.helm("uninstall", "--wait")
