"""`python -m dev.feature`, as docs/how-to/add-a-feature.md says."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.dev.conftest import ROOT
from tests.docs import blocks
from tests.docs.laptop import laptop


def test_a_new_feature_is_tidy_and_passes_its_test(tmp_path: Path) -> None:
    for part in ("app", "bench", "ci", "dev", "tests"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__", "*.xz"))
    make, test = (block for block in blocks.of_page("docs/how-to/add-a-feature.md") if block.where == "laptop")
    with laptop(tmp_path) as terminal:
        assert "Made gift_cards" in terminal.run(make)
        for command in (("check",), ("format", "--check")):
            subprocess.run([sys.executable, "-m", "ruff", *command, tmp_path], cwd=tmp_path, check=True)
        assert "3 passed" in terminal.run(test)
        again = subprocess.run(
            [tmp_path / ".venv/bin/python", "-m", "dev.feature", "gift_cards"],
            cwd=tmp_path,
            check=False,
            capture_output=True,
            text=True,
        )
    assert (again.returncode, again.stderr) == (1, "There is a gift_cards already.\n")


def test_without_what_developers_need_nothing_is_begun(tmp_path: Path) -> None:
    for part in ("app", "dev"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    before = sorted(tmp_path.rglob("*"))
    # A Python without packages.
    command = [sys.executable, "-B", "-S", "-m", "dev.feature", "gift_cards"]
    done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "This needs what developers need: make .venv/dev.stamp\n")
    assert sorted(tmp_path.rglob("*")) == before
