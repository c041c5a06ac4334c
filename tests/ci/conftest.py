"""A git repository of its own with the checkout's files, whose history a test may make."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests import repositories

ROOT = Path(__file__).parents[2]
VERSION = str(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"])


class Repository(repositories.Repository):
    """One that makes releases."""

    def release(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.run(sys.executable, "-m", "ci.release", *arguments)

    def refused(self, *arguments: str) -> str:
        """What `python -m ci.release` says when it does nothing."""
        return self.complaint(sys.executable, "-m", "ci.release", *arguments)

    def read(self, path: str) -> str:
        return (self.folder / path).read_text()

    def write(self, path: str, text: str) -> None:
        (self.folder / path).write_text(text)

    def replace(self, path: str, old: str, new: str) -> None:
        """Put something in the place of what is there."""
        text = self.read(path)
        assert old in text
        self.write(path, text.replace(old, new, 1))

    def commit(self, message: str = "A change") -> None:
        self.git("commit", "--quiet", "--all", "--message", message)


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """All files of the checkout, as they are, as the first commit."""
    made = Repository(tmp_path_factory.mktemp("checkout") / "bookstore")
    made.folder.mkdir()
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    files = subprocess.run(listed, check=True, cwd=ROOT, capture_output=True).stdout
    # Of what git lists, some may be deleted in the checkout.
    existing = b"\0".join(name for name in files.split(b"\0") if name and os.path.lexists(ROOT / os.fsdecode(name)))
    copy = ["tar", "--create", "--null", "--files-from=-"]
    archive = subprocess.run(copy, check=True, cwd=ROOT, input=existing, capture_output=True).stdout
    subprocess.run(["tar", "--extract"], check=True, cwd=made.folder, input=archive)
    made.start()
    return made


@pytest.fixture
def repository(checkout: Repository, tmp_path: Path) -> Repository:
    """A clone of it for one test."""
    made = Repository(tmp_path / "bookstore")
    checkout.git("clone", "--quiet", str(checkout.folder), str(made.folder))
    return made
