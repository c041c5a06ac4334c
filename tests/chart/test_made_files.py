"""What is made from values.yaml is up to date, and the chart's own checks pass."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ci import chart as maker
from tests.chart.conftest import missing
from tests.chart.rendering import CHART, ENVIRONMENTS, KUBERNETES, ROOT, Chart, named, program

SUITES = 12


@pytest.mark.parametrize("path", maker.outputs(), ids=lambda path: path.name)
def test_made_files_are_up_to_date(path: Path) -> None:
    assert path.read_text() == maker.outputs()[path], "run python -m ci.chart"


def test_every_value_is_described() -> None:
    undescribed = [
        ".".join(value.path)
        for top in maker.read()
        for value in top.all()
        if not value.children
        and not value.description
        and not value.annotation.get("stop")
        # Keys within {…}, and Kubernetes' own, are described by the key above.
        and value.path[0] != "postgresql"
        and len(value.path) < 3
    ]
    assert undescribed == []


@pytest.mark.parametrize("file", ENVIRONMENTS, ids=named)
def test_helm_lint_is_strict(file: Path, chart: Chart) -> None:
    command = [chart.helm, "lint", "--strict", str(chart.folder), "--values", str(file), "--kube-version", KUBERNETES]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_suites_pass(chart: Chart) -> None:
    listed = subprocess.run([chart.helm, "plugin", "list"], check=True, capture_output=True, text=True).stdout
    if "unittest" not in listed:
        missing("the unittest plugin of helm is not installed")
    assert len(list((CHART / "tests").glob("*_test.yaml"))) == SUITES
    command = [chart.helm, "unittest", "--strict", str(chart.folder)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert f"Test Suites: {SUITES} passed, {SUITES} total" in done.stdout


def test_chart_testing_lints(chart: Chart, tmp_path: Path) -> None:
    ct = program("ct", "CT")
    if ct is None:
        missing("ct is not on PATH")
    copy = tmp_path / "bookstore"
    shutil.copytree(chart.folder, copy)
    # The dependency from the folder beside, so that ct, which fetches it, needs no registry.
    (package,) = (copy / "charts").glob("postgresql-*.tgz")
    shutil.unpack_archive(package, tmp_path)
    package.unlink()
    (copy / "Chart.lock").unlink()
    about = (copy / "Chart.yaml").read_text()
    (copy / "Chart.yaml").write_text(about.replace("oci://registry-1.docker.io/bitnamicharts", "file://../postgresql"))
    schema = ["--validate-chart-schema=false"] if program("yamale", "YAMALE") is None else []
    command = [str(ct), "lint", "--config", str(ROOT / "ct.yaml"), "--charts", str(copy), *schema]
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = os.environ | {"PATH": path}
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "[INFO] Fail:" not in done.stdout
