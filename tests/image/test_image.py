"""The image, run as a cluster runs it."""

import json
import os
import subprocess
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from dev.postgres import APP, OWNER
from tests.databases import Databases
from tests.image.containers import SOCKETS, Image, engine, output, terminate
from tests.servers import free_port, get

ROOT = Path(__file__).parents[2]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
# SQLAlchemy has 28 of it, pycryptodome (for minio) 16, libpq 9, redis, OpenTelemetry and pydantic 6 each, brotli 5.
LARGEST_MB = 130
# Modules that have no bytecode in a file.
COMPILED_AT_START = """
import os, sys
import bookstore.app
for name, module in sorted(sys.modules.items()):
    spec = module.__spec__
    if spec and (spec.origin or "").endswith(".py") and spec.cached and not os.path.exists(spec.cached):
        print(name)
"""
pytestmark = pytest.mark.image


class TestContents:
    def test_runs_as_a_numbered_user_without_a_shell(self, image: Image) -> None:
        assert image.config["User"] == "10001:10001"
        assert image.config["Entrypoint"] == ["bookstore"]
        assert image.config["Cmd"] == ["serve"]

    def test_says_its_version_and_revision(self, image: Image) -> None:
        labels = image.config["Labels"]
        assert labels["org.opencontainers.image.version"] == VERSION
        assert labels["org.opencontainers.image.revision"]

    def test_holds_no_secret(self, image: Image) -> None:
        assert not [variable for variable in image.config["Env"] if "PASSWORD" in variable or "SECRET" in variable]

    def test_compiles_nothing_when_it_starts(self, shop: "Shop") -> None:
        done = shop.run("-c", COMPILED_AT_START, entrypoint="python")
        assert (done.returncode, done.stdout.split()) == (0, []), done.stderr

    def test_adds_little_to_its_base(self, image: Image, shop: "Shop") -> None:
        kilobytes = int(shop.run("-sk", "/opt/bookstore", entrypoint="du").stdout.split()[0])
        assert kilobytes < LARGEST_MB * 1000

    def test_has_no_installer_beside_the_shop(self, shop: "Shop") -> None:
        assert shop.run("-c", "import pip", entrypoint="/opt/bookstore/bin/python").returncode != 0


class TestRunning:
    def test_migrates_and_serves_on_a_read_only_root(self, shop: "Shop") -> None:
        migrated = shop.run("db", "upgrade", role=OWNER, DATABASE_APP_ROLE=APP)
        assert migrated.returncode == 0, migrated.stderr
        with shop.serving() as (address, process):
            assert httpx.get(f"{address}/api/v1/books").json()["items"] == []
            terminate(process)
            assert process.wait(30) == 0
            written = process.stdout.read() if process.stdout else ""
        assert {json.loads(line)["level"] for line in written.splitlines()} <= {"info"}

    def test_is_user_10001_and_cannot_write(self, shop: "Shop") -> None:
        probe = "import os, tempfile; print(os.getuid(), os.getgid()); tempfile.TemporaryFile(); open('/opt/x', 'w')"
        done = shop.run("-c", probe, entrypoint="python")
        assert done.stdout.split() == ["10001", "10001"]
        assert "Read-only file system" in done.stderr

    def test_admin_commands_are_in_it(self, shop: "Shop") -> None:
        assert f"version {VERSION}" in shop.run("--version").stdout


class Shop:
    """The image on a database of its own."""

    def __init__(self, image: Image, databases: Databases, name: str) -> None:
        self.image, self.databases, self.name = image, databases, name
        self.sockets = Path(parse_qs(urlsplit(databases.url(name)).query)["host"][0])

    def environment(self, role: str, settings: dict[str, str]) -> dict[str, str]:
        url = self.databases.url(self.name, role).split("?")[0]
        kept = self.databases.environment(self.name, role)
        return {**kept, "DATABASE_URL": f"{url}?host={SOCKETS}", **settings, "PATH": image_path(self.image)}

    def run(
        self, *arguments: str, entrypoint: str | None = None, role: str = APP, **settings: str
    ) -> subprocess.CompletedProcess[str]:
        environment = self.environment(role, settings)
        with self.image.command(
            *arguments, environment=environment, sockets=self.sockets, entrypoint=entrypoint
        ) as command:
            return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)

    @contextmanager
    def serving(self) -> Iterator[tuple[str, subprocess.Popen[str]]]:
        port = free_port()
        environment = self.environment(APP, {"PORT": str(port), "METRICS_PORT": str(free_port())})
        with (
            self.image.command("serve", environment=environment, sockets=self.sockets) as command,
            subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process,
        ):
            try:
                yield until_ready(process, f"http://127.0.0.1:{port}"), process
            finally:
                process.kill()


def image_path(image: Image) -> str:
    (path,) = (variable.removeprefix("PATH=") for variable in image.config["Env"] if variable.startswith("PATH="))
    return str(path)


def until_ready(process: "subprocess.Popen[str]", address: str) -> str:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if get(f"{address}/readyz").status_code == 200:
                return address
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"not ready: exit code {process.poll()}")


@pytest.fixture(scope="session")
def image() -> Image:
    found = engine()
    if found is None:
        if "CI" in os.environ:
            pytest.fail("CI needs docker, or buildah as root")
        pytest.skip("needs docker, podman, or buildah as root")
    if name := os.environ.get("BOOKSTORE_IMAGE"):
        return Image(found, name)
    output(str(ROOT / "dev/image"))
    return Image(found, f"bookstore:{VERSION}")


@pytest.fixture
def shop(image: Image, databases: Databases) -> Iterator[Shop]:
    with databases.temporary("image", template="template0") as name:
        shop = Shop(image, databases, name)
        # The image's user must reach the socket, which the laptop's server keeps to its own user.
        shop.sockets.chmod(0o711)
        yield shop
