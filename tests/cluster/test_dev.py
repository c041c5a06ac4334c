"""Development: one small shop with everything in it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.conforming import conformance
from tests.cluster.every import EveryEnvironment
from tests.cluster.release import Release, installed
from tests.cluster.tools import ROOT, eventually, run


@pytest.fixture(scope="module")
def release(chart: Path) -> Iterator[Release]:
    """With `values/dev.yaml`."""
    with installed(Release(chart, "dev", "bookstore-dev")) as release:
        yield release


class TestDev(EveryEnvironment):
    pass


def test_it_is_filled_as_the_readme_says(release: Release) -> None:
    readme = (ROOT / "charts/bookstore/README.md").read_text()
    (block,) = re.findall(r"Then fill it:.*?```sh\n(.*?)```", readme, re.DOTALL)
    done = run("bash", "-euo", "pipefail", "-c", f"cd {ROOT}\n{block}")
    assert "added" in done.stdout
    assert "/staff/enrol/" in done.stdout
    with release.client() as client:
        assert "The Hunger Games" in client.get("/").text


def test_a_second_release_lives_beside_the_first_under_a_uid_of_the_cluster_s_choice(release: Release) -> None:
    security = "workload.podSecurityContext"
    settings = (
        "hosts.shop.host=other.localhost,settings.SHOP_NAME=Other",
        f"{security}.runAsUser=1000670000,{security}.runAsGroup=0,{security}.fsGroup=1000670000",
    )
    other = Release(release.chart, "dev", release.namespace, "other", settings)
    other.install()
    try:
        eventually("the second answers", other.answers)
        assert release.answers()
        assert "FAIL" not in other.execute("bookstore", "doctor")
        # Two environments of one image: other settings, another database, the same schema.
        found = conformance(release, f"--against={other.namespace}/{other.name}")
        assert "Bookstore (development) on shop-bookstore-all/; Other on other-bookstore-all/" in found
        assert found.count("needs another environment") == 0
    finally:
        other.helm("uninstall", "--wait")
