"""The workflows hold on to what is in the repository; zizmor, in `make lint`, knows the rest."""

import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ci.conftest import ROOT

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yaml"))


def jobs(path: Path) -> dict[str, dict[str, Any]]:
    """The jobs of a workflow."""
    found: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text())["jobs"]
    return found


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_each_job_ends_and_runs_what_there_is(path: Path) -> None:
    targets = re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for job in jobs(path).values():
        assert "uses" in job or job["timeout-minutes"] <= 90
        commands = "\n".join(step.get("run", "") for step in job.get("steps", []))
        for script in re.findall(r"(?:^|\s)((?:ci|dev|deploy)/[a-z-]+)\b", commands):
            assert os.access(ROOT / script, os.X_OK), script
        for target in re.findall(r"\bmake ([a-z0-9-]+)", commands):
            assert target in targets


def test_the_oldest_kubernetes_is_what_the_chart_promises() -> None:
    promised = yaml.safe_load((ROOT / "charts/bookstore/Chart.yaml").read_text())["kubeVersion"]
    (oldest,) = re.findall(r"\[oldest\]=\S+:v(\d+\.\d+)\.", (ROOT / "ci/kind").read_text())
    assert promised == f">={oldest}.0-0"


def test_only_the_release_may_write_packages_or_sign() -> None:
    powerful = {
        (path.stem, name)
        for path in WORKFLOWS
        for name, job in jobs(path).items()
        if {"packages", "id-token", "attestations"} & set(job.get("permissions", {}))
    }
    assert powerful == {("release", "publish")}
    assert all(yaml.safe_load(path.read_text())["permissions"] == {} for path in WORKFLOWS)
