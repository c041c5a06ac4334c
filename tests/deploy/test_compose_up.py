"""compose.yaml as docs/how-to/compose.md uses it, where a Docker engine answers: as a project of its own."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from tests.buying import buy
from tests.chart.rendering import ROOT
from tests.image.containers import engine
from tests.servers import free_port

SAMPLE = ROOT / "data/sample-books.csv"
IMPORT = "bookstore catalogue import /dev/stdin --rejected-file /tmp/rejected.csv --default-stock 5"


@dataclass(frozen=True)
class Project:
    """A project of Compose under a name that nobody else uses, on free ports."""

    name: str
    port: int
    sandbox_port: int

    def run(self, *command: str, given: str = "") -> str:
        """What `docker compose COMMAND` prints; fails with what it says when it fails."""
        names = {"COMPOSE_PROJECT_NAME": self.name, "PORT": str(self.port), "SANDBOX_PORT": str(self.sandbox_port)}
        done = subprocess.run(
            ["docker", "compose", *command],
            cwd=ROOT, env=os.environ | names, input=given, capture_output=True, text=True, check=False, timeout=600,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def project() -> Iterator[Project]:
    """It, up and well."""
    version = ["docker", "compose", "version"]
    if engine() != "docker" or subprocess.run(version, capture_output=True, check=False).returncode:
        pytest.skip("no Docker engine with Compose")
    project = Project(f"bookstore-test-{os.getpid()}", free_port(), free_port())
    try:
        project.run("up", "--detach", "--wait")
        yield project
    finally:
        project.run("down", "--volumes")


@pytest.mark.image
def test_it_is_filled_and_sells_and_keeps_what_it_has(project: Project) -> None:
    assert "0 rejected" in project.run("exec", "-T", "web", *IMPORT.split(), given=SAMPLE.read_text())
    assert "FAIL" not in project.run("exec", "-T", "web", "bookstore", "doctor")
    with httpx.Client(base_url=f"http://localhost:{project.port}", follow_redirects=True, timeout=30) as buyer:
        order, page = buy(buyer)
        assert "Thank you!" in page.text
        # A new version is a short break.
        project.run("down")
        project.run("up", "--detach", "--wait")
        assert buyer.get(f"/api/v1/orders/{order['number']}?token={order['token']}").json()["number"] == order["number"]
