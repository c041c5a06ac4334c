"""The chart under test, with the packaged chart of the bundled database."""

import os
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import yaml

from tests.chart.rendering import CHART, ENVIRONMENTS, STAND_IN, Chart, Render, program


def missing(what: str) -> None:
    """Skip on a laptop that lacks a tool; fail in CI, where it is expected."""
    if os.environ.get("CI"):
        pytest.fail(f"{what}, and CI is set")
    pytest.skip(what)


def needed(name: str, variable: str) -> str:
    """The path of a tool, or no test without it."""
    found = program(name, variable)
    if found is None:
        missing(f"{name} is not on PATH")
    return str(found)


def package(helm: str, folder: Path) -> None:
    """Put the database's chart beside ours: what is there, a stand-in where no registry answers, or fetch it."""
    target = folder / "charts"
    if list(target.glob("postgresql-*.tgz")):
        return
    if local := os.environ.get(STAND_IN):
        subprocess.run([helm, "package", local, "--destination", str(target)], check=True, capture_output=True)
        return
    done = subprocess.run([helm, "dependency", "build", str(folder)], check=False, capture_output=True, text=True)
    if done.returncode:
        missing(f"the chart of the bundled database cannot be fetched: {done.stderr.strip()}")


@pytest.fixture(scope="session")
def helm() -> str:
    """Helm."""
    return needed("helm", "HELM")


@pytest.fixture(scope="session")
def helm3() -> str:
    """Helm 3, which must render the same."""
    return needed("helm3", "HELM3")


@pytest.fixture(scope="session")
def chart(helm: str, tmp_path_factory: pytest.TempPathFactory) -> Chart:
    """A copy of the chart, so that tests leave the checkout alone."""
    folder = tmp_path_factory.mktemp("chart") / "bookstore"
    shutil.copytree(CHART, folder)
    package(helm, folder)
    return Chart(folder, helm)


@pytest.fixture(scope="session")
def rendered(chart: Chart) -> Callable[[Path], Render]:
    """A function that renders a values file, once."""
    return cache(chart.render)


@pytest.fixture(scope="session")
def rules(chart: Chart, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Production's rules, as Prometheus reads them."""
    (file,) = [file for file in ENVIRONMENTS if file.stem == "prod"]
    (rule,) = chart.render(file).all("PrometheusRule")
    path = tmp_path_factory.mktemp("rules") / "rules.yaml"
    path.write_text(yaml.safe_dump(rule["spec"]))
    return path
