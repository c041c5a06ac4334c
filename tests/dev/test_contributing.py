"""What contributors start with: Git's hooks run what `make lint` runs, and the dev container has what tests need."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from tests.ci.conftest import Repository, checkout, repository
from tests.ci.test_workflows import WORKFLOWS
from tests.dev.conftest import ROOT
from tests.docs import blocks
from tests.docs.laptop import make_environment

__all__ = ["checkout", "repository"]
# What tests of their own run, in tests/dev and tests/docs.
BY_TESTS = {"run", "docs"}
HOOKS: list[dict[str, Any]] = [
    hook
    for repository in yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    for hook in repository["hooks"]
]


def test_every_linter_has_a_hook() -> None:
    (recipe,) = re.findall(r"^lint:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    linters = set(re.findall(r"\$\(BIN\)/([a-z-]+)|(dev/[a-z-]+)", recipe))
    assert len(linters) > 5
    entries = " ".join(hook["entry"] for hook in HOOKS)
    assert [tool for tool in linters if f".venv/bin/{tool[0]} " not in f"{entries} " and tool[1] not in entries] == []


def test_every_hook_is_a_program_of_this_checkout() -> None:
    assert {hook["language"] for hook in HOOKS} == {"system"}
    assert [hook["id"] for hook in HOOKS if ".venv/bin/" not in hook["entry"] and hook["id"] != "no-hosts"] == []


def test_the_configuration_is_valid() -> None:
    prek = Path(sys.executable).parent / "prek"
    done = subprocess.run([prek, "validate-config"], cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_dev_container_is_made_by_the_repository_s_own_commands() -> None:
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())
    # Debian 13 has no package of Moby, so the feature fails unless it takes Docker's own.
    assert container["image"].endswith("-trixie")
    assert container["features"]["ghcr.io/devcontainers/features/docker-in-docker:2"] == {"moby": False}
    packages, tools = container["onCreateCommand"].split(" && ")
    assert packages == "sudo ci/packages"
    assert (ROOT / "ci/packages").stat().st_mode & 0o111
    assert tools == "ci/tools ~/.local/bin"
    assert (ROOT / "ci/tools").stat().st_mode & 0o111
    (target,) = re.findall("^make ([a-z]+)$", container["postCreateCommand"])
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_the_targets_that_change_files_work_and_change_nothing_that_is_right(repository: Repository) -> None:
    (block,) = blocks.of_page("CONTRIBUTING.md")
    listed = re.findall(r"^make ([a-z0-9-]+)", block.text, re.MULTILINE)
    workflows = "".join(path.read_text() for path in WORKFLOWS)
    by_ci = BY_TESTS.union(re.findall(r"\bmake ([a-z0-9-]+)", workflows))
    targets = [target for target in listed if target not in by_ci]
    assert targets == ["messages", "format", "hooks"]
    make_environment(repository.folder)
    repository.output("make", *targets)
    assert repository.git("status", "--porcelain") == ""
    assert "prek" in repository.read(".git/hooks/pre-commit")
