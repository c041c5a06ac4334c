"""Renovate's configuration finds what it is to look after; `make lint` holds it to Renovate's own schema."""

import re
import subprocess
from typing import Any

import json5
import pytest

from tests.ci.conftest import ROOT

CONFIGURATION: dict[str, Any] = json5.loads((ROOT / "renovate.json5").read_text())
OWN = CONFIGURATION["customManagers"]
FILES = subprocess.run(
    ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
    cwd=ROOT,
    check=True,
    capture_output=True,
    text=True,
).stdout.splitlines()


def files(patterns: list[str]) -> list[str]:
    """The files that one of these patterns, between slashes, is of."""
    return [file for file in FILES if any(re.search(pattern.strip("/"), file) for pattern in patterns)]


@pytest.mark.parametrize("manager", OWN, ids=[manager["description"] for manager in OWN])
def test_each_pattern_finds_a_version_of_something(manager: dict[str, Any]) -> None:
    found = files(manager["managerFilePatterns"])
    assert found
    texts = [(ROOT / file).read_text() for file in found]
    for pattern in manager["matchStrings"]:
        # Named groups are written in another way in Python.
        matches = [match for text in texts for match in re.finditer(pattern.replace("(?<", "(?P<"), text)]
        assert matches, pattern
        for match in matches:
            assert match["currentValue"]
            assert match.groupdict().get("depName") or manager["depNameTemplate"]


def test_every_program_of_ci_tools_is_looked_after() -> None:
    (pattern,) = next(one["matchStrings"] for one in OWN if one["managerFilePatterns"] == ["/^ci/tools$/"])
    text = (ROOT / "ci/tools").read_text()
    listed = text.partition("<<'END'\n")[2].partition("\nEND\n")[0].splitlines()
    assert len(re.findall(pattern.replace("(?<", "(?P<"), text)) == len(listed) > 4


def test_what_it_knows_by_itself_is_where_it_is_told_to_look() -> None:
    for name in CONFIGURATION["enabledManagers"]:
        patterns = CONFIGURATION.get(name, {}).get("managerFilePatterns")
        assert patterns is None or files(patterns), name
