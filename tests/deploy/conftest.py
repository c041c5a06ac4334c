"""The chart, and a repository in which each environment runs something else."""

import shutil
from pathlib import Path

import pytest

from tests.chart.conftest import chart, helm, needed
from tests.chart.rendering import ROOT
from tests.deploy.repository import DIGESTS, Repository

__all__ = ["chart", "helm"]


@pytest.fixture(scope="session")
def kubectl() -> str:
    """kubectl, for its kustomize."""
    return needed("kubectl", "KUBECTL")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Where nothing has been promoted yet."""
    return new_repository(tmp_path / "repository")


@pytest.fixture(scope="session")
def promoted(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Where three versions were released: prod runs the first, staging the second, dev the third."""
    made = new_repository(tmp_path_factory.mktemp("promoted") / "repository")
    for number, digest in enumerate(DIGESTS):
        made.promote("dev", f"1.2.{number}", digest)
        if number < 2:
            made.promote("staging")
        if number < 1:
            made.promote("prod")
    return made


def new_repository(folder: Path) -> Repository:
    """One with what this checkout says of deployments, in which nothing has been promoted."""
    for name in ("deploy", "values"):
        shutil.copytree(ROOT / name, folder / name)
    made = Repository(folder)
    made.start()
    return made
