"""`ct install`: chart-testing installs, tests and uninstalls a shape of ci/ that brings all that it needs."""

import os
import shutil
from pathlib import Path

import pytest
import yaml

from tests.chart.rendering import STAND_IN
from tests.cluster.tools import ROOT, run

pytestmark = [
    pytest.mark.skipif(shutil.which("ct") is None, reason="ct (chart-testing) is not on PATH"),
]
# With the most parts; test_last_release.py brings the others up.
VALUES = "cache-values.yaml"


def test_ct_installs_a_shape_that_needs_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "charts/bookstore"
    shutil.copytree(ROOT / "charts/bookstore", folder, ignore=shutil.ignore_patterns("charts"))
    shutil.copytree(ROOT / "ci", tmp_path / "ci")
    shutil.copy(ROOT / "ct.yaml", tmp_path)
    for each in folder.glob("ci/*"):
        if each.name != VALUES:
            each.unlink()
    if stand_in := os.environ.get(STAND_IN):
        depend_on(stand_in, folder)
    # No test is about time, and the machine may have other work.
    patient = "--helm-extra-set-args=--set=tests.conformance.startSeconds=600"
    command = f"cd {tmp_path} && ct install --config ct.yaml --charts {folder} {patient}"
    done = run("sh", "-c", command, timeout=1200)
    assert f"ci/{VALUES}" in done.stdout
    assert "All charts installed successfully" in done.stdout


def depend_on(stand_in: str, folder: Path) -> None:
    """Where no registry answers, the bundled database's chart is that of a folder."""
    file = folder / "Chart.yaml"
    chart = yaml.safe_load(file.read_text())
    for dependency in chart["dependencies"]:
        dependency["repository"] = f"file://{Path(stand_in).resolve()}"
    file.write_text(yaml.safe_dump(chart))
    (folder / "Chart.lock").unlink()
