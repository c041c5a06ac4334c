"""Fixtures of these tests: data folders, and processes that run PostgreSQL or the shop."""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from dev.postgres import Server
from tests.databases import OPTIONS

ROOT = Path(__file__).parents[2]
HOLD = """
import sys
from pathlib import Path
from dev.postgres import OWNER, Server
with Server(Path(sys.argv[1]), {"fsync": "off"}) as server:
    print(server.url(role=OWNER), flush=True)
    sys.stdin.read()
"""


def modes(folder: Path) -> dict[Path, tuple[int, int]]:
    """Permissions and owners of the folder and all above it."""
    stats = {path: path.stat() for path in (folder, *folder.parents)}
    return {path: (stat.S_IMODE(of.st_mode), of.st_uid) for path, of in stats.items()}


@pytest.fixture(scope="session")
def made_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder after its first start and stop; only to copy."""
    folder = tmp_path_factory.mktemp("made") / "postgres"
    with Server(folder, OPTIONS):
        pass
    return folder


@pytest.fixture
def folder(made_folder: Path, tmp_path: Path) -> Path:
    """A data folder of the test's own, after its first start and stop."""
    return shutil.copytree(made_folder, tmp_path / "postgres")


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A new folder that everyone may enter, unlike pytest's."""
    with tempfile.TemporaryDirectory(prefix="bookstore-public-") as name:
        path = Path(name)
        path.chmod(0o755)
        yield path


@pytest.fixture
def without_namespaces(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An `unshare` that fails, as in most containers."""
    unshare = tmp_path / "bin" / "unshare"
    unshare.parent.mkdir()
    unshare.write_text("#!/bin/sh\nexit 1\n")
    unshare.chmod(0o755)
    monkeypatch.setenv("PATH", str(unshare.parent), prepend=os.pathsep)


@dataclass(frozen=True)
class Holder:
    """A process that runs a server on a folder until its input ends, and the URL of the databases' owner."""

    process: subprocess.Popen[str]
    url: str

    def kill(self) -> None:
        """End it without giving it a chance to stop the server."""
        self.process.kill()
        self.process.wait()


@pytest.fixture
def hold() -> Iterator[Callable[..., Holder]]:
    """A function that starts such a process; `before` is code that it runs first, `prefix` a command that runs it."""
    started: list[subprocess.Popen[str]] = []

    def start(folder: Path, before: str = "", prefix: tuple[str, ...] = ()) -> Holder:
        process = subprocess.Popen(
            [*prefix, sys.executable, "-c", before + HOLD, str(folder)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout
        return Holder(process, process.stdout.readline().strip())

    yield start
    for process in started:
        process.communicate(timeout=60)
