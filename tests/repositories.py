"""A git repository that commands run in, under nobody's own settings."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

# No signature, no hook, no template, no other editor of the commit.
IDENTITY = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_AUTHOR_NAME": "Ann",
    "GIT_AUTHOR_EMAIL": "ann@example.org",
    "GIT_COMMITTER_NAME": "Ann",
    "GIT_COMMITTER_EMAIL": "ann@example.org",
}


@dataclass(frozen=True)
class Repository:
    """The repository at a folder."""

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
        """What git says."""
        return self.output("git", *arguments)

    def start(self) -> None:
        """Make it, with all that is in its folder as the first commit."""
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "All of it")

    def complaint(self, *command: str) -> str:
        """What a command says that fails, and must change nothing."""
        before = self._state()
        done = self.run(*command)
        assert done.returncode == 1, done.stdout + done.stderr
        assert self._state() == before
        return done.stderr

    def _state(self) -> tuple[str, ...]:
        return self.git("rev-parse", "HEAD"), self.git("status", "--porcelain"), self.git("tag")
