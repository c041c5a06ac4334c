"""All three environments on a real cluster, side by side: pytest -n3 tests/cluster, with KUBECONFIG.

Each process takes whole files, the longest first (tests/conftest.py): there is one for each environment, which it
installs once.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chart.conftest import package
from tests.cluster.prober import stock_up
from tests.cluster.proving import SETTINGS, Shop
from tests.cluster.release import Release, installed
from tests.cluster.tools import MANIFESTS, ROOT, kubectl


@pytest.fixture(scope="session", autouse=True)
def cluster() -> None:
    """A cluster that answers, and knows the kinds of others that the chart can make."""
    assert os.environ.get("KUBECONFIG"), "set KUBECONFIG to the cluster to install into"
    kubectl("version")
    for name in ("prometheus-crds", "gateway-crds", "externalsecrets-crds"):
        kubectl("apply", "--server-side", "-f", str(MANIFESTS / f"{name}.yaml"))


@pytest.fixture(scope="session")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the chart with that of the bundled database in it, so that the checkout may change meanwhile."""
    folder = tmp_path_factory.mktemp("chart") / "bookstore"
    shutil.copytree(ROOT / "charts/bookstore", folder)
    package("helm", folder)
    return folder


@pytest.fixture(scope="module")
def shop(chart: Path, request: pytest.FixtureRequest) -> Iterator[Shop]:
    """Staging, a release of its own for each file, with a book that everybody buys."""
    name = request.module.__name__.rpartition("test_")[2].replace("_", "-")
    release = Release(chart, "staging", f"bookstore-{name}", settings=SETTINGS)
    with installed(release):
        stock_up(release)
        yield Shop(release)
