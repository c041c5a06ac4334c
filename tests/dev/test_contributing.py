"""What contributors start with: Git's hooks run what `make lint` runs, and the dev container has what tests need."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from tests.dev.conftest import ROOT

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
    packages, tools = container["onCreateCommand"].split(" && ")
    assert packages == "sudo ci/packages"
    assert (ROOT / "ci/packages").stat().st_mode & 0o111
    assert tools == "ci/tools ~/.local/bin"
    assert (ROOT / "ci/tools").stat().st_mode & 0o111
    (target,) = re.findall("^make ([a-z]+)$", container["postCreateCommand"])
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
