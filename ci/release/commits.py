"""What commits say to users, where they have the form of Conventional Commits 1.0.0 (conventionalcommits.org)."""

import os
import subprocess
import sysconfig
from collections.abc import Iterable
from pathlib import Path

CLIFF = Path(sysconfig.get_path("scripts")) / "git-cliff"
CONFIG = Path(__file__).with_name("cliff.toml")
BREAKING = "**Breaking:**"


def entries(folder: Path, span: Iterable[str], without: Iterable[str]) -> str:
    """The changelog's entries of a repository's commits in a span such as `["v1.2.3..HEAD"]`, but not of these hashes.

    All where the span is empty. Returns "" where no commit tells users of anything. CalledProcessError where git-cliff
    fails, which says why on stderr.
    """
    skipped = [argument for commit in without for argument in ("--skip-commit", commit)]
    command: list[str | Path] = [CLIFF, "--config", CONFIG, "--strip", "all", *skipped, *span]
    # Otherwise it tells of each commit in another form, which most are.
    quiet = os.environ | {"RUST_LOG": "error"}
    done = subprocess.run(command, check=True, cwd=folder, env=quiet, stdout=subprocess.PIPE, encoding="utf-8")
    return done.stdout.strip()
