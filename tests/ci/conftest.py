"""A git repository of its own with the checkout's files, whose history a test may make."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Nobody's configuration: no signing, no hooks, no templates.
IDENTITY = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.org",
}


@dataclass(frozen=True)
class Repository:
    """A clone that commands run in."""

    folder: Path
    # What a command may take, in seconds.
    patience: int = 300

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """A command in it, whatever becomes of it."""
        variables = {**os.environ, **IDENTITY, **environment}
        return subprocess.run(
            command, check=False, cwd=self.folder, env=variables, capture_output=True, text=True, timeout=self.patience
        )

    def output(self, *command: str, **environment: str) -> str:
        """What a command prints, which must not fail."""
        done = self.run(*command, **environment)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def git(self, *arguments: str) -> str:
        return self.output("git", *arguments)

    def release(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.run(sys.executable, "-m", "ci.release", *arguments)

    def refused(self, *arguments: str) -> str:
        """What `python -m ci.release` says when it does nothing."""
        before = self.git("rev-parse", "HEAD"), self.git("status", "--porcelain"), self.git("tag")
        done = self.release(*arguments)
        assert done.returncode == 1, done.stdout + done.stderr
        assert (self.git("rev-parse", "HEAD"), self.git("status", "--porcelain"), self.git("tag")) == before
        return done.stderr

    def read(self, path: str) -> str:
        return (self.folder / path).read_text()

    def write(self, path: str, text: str) -> None:
        (self.folder / path).write_text(text)

    def replace(self, path: str, old: str, new: str) -> None:
        """Put something in the place of what is there."""
        text = self.read(path)
        assert old in text
        self.write(path, text.replace(old, new, 1))

    def commit(self) -> None:
        self.git("commit", "--quiet", "--all", "--message", "A change")


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
    made.git("init", "--quiet", "--initial-branch=main")
    made.git("add", "--all")
    made.commit()
    return made


@pytest.fixture
def repository(checkout: Repository, tmp_path: Path) -> Repository:
    """A clone of it for one test."""
    made = Repository(tmp_path / "bookstore")
    checkout.git("clone", "--quiet", str(checkout.folder), str(made.folder))
    return made
