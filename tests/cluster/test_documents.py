"""What documents tell to do in a cluster, done in this one: the tutorial, then other pages with its three releases."""

import re
import shutil
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from ci.site import tracked
from tests.buying import buy
from tests.chart.rendering import ENVIRONMENTS, merged
from tests.cluster.tools import ROOT, kubectl
from tests.docs import blocks
from tests.docs.terminal import Terminal, opened
from tests.servers import free_port

pytestmark = pytest.mark.full
TUTORIAL = "docs/tutorial.md"
PAGES = [page for page in tracked() if any(block.where == "cluster" for block in blocks.of_page(page))]
# What another cluster than a new one of kind needs instead: this one has the image, a fixture puts the chart of the
# bundled database beside ours, and the namespaces and host names of the environments are other releases'.
SUBSTITUTES = {
    r"^kind (create|delete) cluster .*$": "kubectl version",
    r"^make image$": "true",
    r"^kind load docker-image .*$": "true",
    r"^helm dependency build .*$": "true",
    # Other tests keep it busy.
    r"--timeout[= ](\d+)m": r"--timeout=\g<1>0m",
    r"\bbookstore-(dev|staging|prod|data)\b": r"documents-\1",
}
# The laptop's ends of its tunnels.
TUNNELS = ("8080", "8081", "8082")
# A small node has no room for what three environments ask for, nor for pods that come because that is so little.
LITTLE = {"resources": {"requests": {"cpu": "20m"}}}
FEW = {"autoscaling": {"maxReplicas": 2}}
OFTEN = ("notices-send", "orders-expire", "outbox-send", "payments-reconcile")
SMALL: dict[str, Any] = {
    "web": {"workers": 1, **LITTLE},
    "surfaces": {"api": FEW, "storefront": FEW},
    "cache": {"valkey": LITTLE},
    "postgresql": {"primary": LITTLE},
    "schedules": {name: {"enabled": False} for name in OFTEN},
}


@pytest.fixture(scope="module")
def terminal(chart: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """A copy of the repository in which the tutorial has been followed, up to the end of the cluster."""
    folder = tmp_path_factory.mktemp("documents")
    shutil.copytree(chart, folder / "charts/bookstore")
    for part in ("data", "deploy", "docs"):
        shutil.copytree(ROOT / part, folder / part)
    ports = {number: str(free_port()) for number in TUNNELS}

    def substitute(text: str) -> str:
        for pattern, other in SUBSTITUTES.items():
            text = re.sub(pattern, other, text, flags=re.MULTILINE)
        return re.sub("|".join(ports), lambda found: ports[found[0]], text)

    (folder / "values").mkdir()
    for file in ENVIRONMENTS:
        values = merged(yaml.safe_load(file.read_text()), SMALL)
        (folder / "values" / file.name).write_text(substitute(yaml.safe_dump(values)))
    remove(wait=True)
    try:
        with opened(Terminal(folder, {}, substitute)) as terminal:
            yield terminal
    finally:
        remove(wait=False)


def remove(*, wait: bool) -> None:
    """Remove the namespaces that the documents make."""
    names = [f"documents-{name}" for name in ("dev", "staging", "prod", "data")]
    kubectl("delete", "namespace", *names, "--ignore-not-found", f"--wait={str(wait).lower()}")


def follow(terminal: Terminal, page: str) -> str:
    """Do what a page says; what its commands print."""
    said = ""
    for block in blocks.of_page(page):
        if block.where == "cluster":
            said += terminal.run(block)
        elif block.title:
            terminal.write(block)
    return said


def write(terminal: Terminal, page: str) -> None:
    """Write the files that a page shows."""
    for block in blocks.of_page(page):
        if block.title:
            terminal.write(block)


@pytest.mark.parametrize("page", [TUTORIAL, *(page for page in PAGES if page != TUTORIAL)])
def test_its_commands_work(terminal: Terminal, page: str) -> None:
    if page != TUTORIAL:
        # Another page may have written a file of the same name, with what its reader has in place of the tutorial's.
        write(terminal, TUTORIAL)
    said = follow(terminal, page)
    if page == TUTORIAL:
        assert said.count("Phase:          Succeeded") >= 6
        assert "The Hunger Games" in said
        assert "FAIL" not in said
        use_the_tunnels(said)


def use_the_tunnels(said: str) -> None:
    """Open the link that was printed, buy a book and pay for it, as a reader would in a browser."""
    (link,) = re.findall(r"http://127\.0\.0\.1:\d+/staff/enrol/\S+", said)
    shop = httpx.URL(link).copy_with(path="/")
    with httpx.Client(base_url=shop, follow_redirects=True, timeout=30) as reader:
        assert reader.get(link).status_code == HTTPStatus.OK
        assert "Thank you!" in buy(reader)[1].text
