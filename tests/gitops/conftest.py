"""The three environments under Argo CD: pytest tests/gitops, with KUBECONFIG and the programs of `ci/tools`.

The cluster must have no environment yet: their namespaces are named here as in tests/cluster.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chart.conftest import needed
from tests.cluster import outside
from tests.cluster.conftest import chart, cluster
from tests.cluster.tools import make_namespace, run
from tests.deploy.conftest import new_repository
from tests.deploy.repository import Repository
from tests.gitops import argocd

__all__ = ["chart", "cluster"]
VERSIONS = ("1.0.0", "1.1.0")


@pytest.fixture(scope="session")
def registry(chart: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a registry that has two versions of the chart, where Argo CD runs."""
    for program in argocd.PROGRAMS:
        needed(program, program.upper())
    redis = shutil.which("valkey-server") or needed("redis-server", "REDIS_SERVER")
    folder = tmp_path_factory.mktemp("argocd")
    with argocd.running(folder, redis) as address:
        for version in VERSIONS:
            run("helm", "package", str(chart), "--version", version, "--destination", str(folder))
            run("helm", "push", str(folder / f"bookstore-{version}.tgz"), f"oci://{address}/charts", "--plain-http")
        yield address


@pytest.fixture(scope="session")
def repository(registry: str, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A repository with addresses of its own, where nothing has been promoted yet."""
    folder = tmp_path_factory.mktemp("git") / "bookstore"
    made = new_repository(folder)
    for path in (folder / "deploy/argocd").iterdir():
        text = path.read_text().replace("https://git.example.org/bookstore.git", f"file://{folder}")
        text = text.replace("registry.example.org/charts", f"{registry}/charts")
        # Where the node has the image that it was given.
        path.write_text(text.replace("registry.example.org", "docker.io/library"))
    prod = folder / "values/prod.yaml"
    # As tests/cluster has it: the node is small.
    prod.write_text(prod.read_text().replace("requests: {cpu: 250m", "requests: {cpu: 100m"))
    made.git("commit", "--quiet", "--all", "--message", "Our addresses")
    return made


@pytest.fixture(scope="session")
def database(cluster: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What `values/prod.yaml` names: the database, and the Secrets beside the shop."""
    with outside.installed(tmp_path_factory.mktemp("tls")) as server:
        make_namespace("bookstore-prod")
        server.make_secrets("bookstore-prod")
        yield


@pytest.fixture(scope="session")
def digest() -> str:
    """That of the image on the node."""
    return os.environ["BOOKSTORE_IMAGE_DIGEST"]
