"""docs/how-to/compose.md, followed where a Docker engine answers: as a project of its own, with an image of its own."""

import os
import subprocess
from collections.abc import Iterator

import httpx
import pytest

from tests.buying import buy
from tests.ci.conftest import VERSION, Repository, checkout, repository
from tests.docs import blocks
from tests.docs.terminal import Terminal, opened
from tests.image.containers import Image, engine
from tests.servers import free_port

__all__ = ["checkout", "repository"]


@pytest.fixture
def terminal(repository: Repository) -> Iterator[Terminal]:
    """In a copy of the repository, whose project has names and ports that nobody else uses."""
    version = ["docker", "compose", "version"]
    if engine() != "docker" or subprocess.run(version, capture_output=True, check=False).returncode:
        pytest.skip("no Docker engine with Compose")
    name = f"bookstore-test-{os.getpid()}"
    repository.replace("compose.yaml", f"image: bookstore:{VERSION}", f"image: {name}")
    ports = {"PORT": str(free_port()), "SANDBOX_PORT": str(free_port())}
    with opened(Terminal(repository.folder, {"COMPOSE_PROJECT_NAME": name, **ports}, str)) as terminal:
        try:
            yield terminal
        finally:
            repository.run("docker", "compose", "down", "--volumes", **terminal.environment)
            repository.run("docker", "image", "rm", name)


@pytest.mark.image
def test_its_commands_fill_a_shop_that_sells_and_keeps_what_it_has(terminal: Terminal) -> None:
    up, fill, follow, renew, down = (block for block in blocks.of_page("docs/how-to/compose.md") if block.where)
    terminal.run(up)
    built = Image("docker", terminal.environment["COMPOSE_PROJECT_NAME"])
    assert built.config["Labels"]["org.opencontainers.image.version"] == VERSION
    filled = terminal.run(fill)
    assert "0 rejected" in filled
    assert "FAIL" not in filled
    address = f"http://localhost:{terminal.environment['PORT']}"
    with httpx.Client(base_url=address, follow_redirects=True, timeout=30) as buyer:
        order, page = buy(buyer)
        assert "Thank you!" in page.text
        terminal.run(follow)
        terminal.run(renew)
        terminal.run(down)
        terminal.run(up)
        assert buyer.get(f"/api/v1/orders/{order['number']}?token={order['token']}").json()["number"] == order["number"]
