"""A git repository with deploy/ and values/ in it, as deploy/promote finds it."""

import os
import subprocess
from pathlib import Path
from typing import Any

import yaml

DIGESTS = [f"sha256:{digit * 64}" for digit in "abc"]
# Nobody's own settings: no hook, no signature, no other editor of the commit.
GIT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Ann",
    "GIT_AUTHOR_EMAIL": "ann@example.org",
    "GIT_COMMITTER_NAME": "Ann",
    "GIT_COMMITTER_EMAIL": "ann@example.org",
}


class Repository:
    """The repository at a folder, made of what is in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("add", ".")
        self.git("commit", "--quiet", "--message", "All of it")

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command in it."""
        return subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            cwd=self.folder,
            env={**os.environ, **GIT, **environment},
        )

    def git(self, *arguments: str) -> str:
        """What git says."""
        done = self.run("git", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def promote(self, *arguments: str) -> None:
        """Promote."""
        done = self.run("deploy/promote", *arguments)
        assert done.returncode == 0, done.stderr

    def refused(self, *arguments: str) -> str:
        """Why a promotion is refused, which must change nothing."""
        before = self.git("rev-parse", "HEAD"), self.git("status", "--porcelain")
        done = self.run("deploy/promote", *arguments)
        assert done.returncode == 1
        assert (self.git("rev-parse", "HEAD"), self.git("status", "--porcelain")) == before
        return done.stderr

    def file(self, environment: str) -> Any:
        """What deploy/environments holds of an environment."""
        return yaml.safe_load((self.folder / f"deploy/environments/{environment}.yaml").read_text())

    def runs(self, environment: str) -> tuple[str, str]:
        """The chart's version and the image's digest of an environment."""
        data = self.file(environment)["data"]
        return data["chart"], data["digest"]
