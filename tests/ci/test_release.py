"""`make release` on a real repository: what it writes, commits and tags, and what it refuses."""

import json
import re
import sys
import tomllib
from datetime import UTC, datetime

import pytest
import yaml

from ci.release import changelog, numbers
from ci.release.breaking import Comparison, Schema
from tests.ci.conftest import ROOT, VERSION, Repository

FIRST = VERSION
MAJOR, MINOR, PATCH = numbers.parse(FIRST)
NEXT = f"{MAJOR}.{MINOR + 1}.0"
ROLLOUT_TOKEN = """  # -- Change it to restart the pods, for instance after changing a Secret that is not this chart's.
  rolloutToken: ""
"""
PULL_SECRETS = """  # @schema {items: {type: string}}
  pullSecrets: []
"""
CHANGES = """### Added

- A shelf for maps
  and atlases ([docs/metrics.md](docs/metrics.md)).

### Fixed

- The `till`: it rang twice.
"""


def unreleased(repository: Repository, text: str) -> None:
    """Let these be the changes since the last release."""
    body = changelog.section(repository.read("CHANGELOG.md"), "Unreleased")
    if body:
        repository.replace("CHANGELOG.md", body, text)
    else:
        repository.replace("CHANGELOG.md", "## Unreleased\n", f"## Unreleased\n\n{text}")


@pytest.fixture
def released(repository: Repository) -> Repository:
    """One with a release, and a change after it."""
    unreleased(repository, CHANGES)
    repository.commit()
    repository.git("tag", f"v{FIRST}")
    repository.write("README.md", repository.read("README.md") + "\nA change.\n")
    repository.commit()
    return repository


class TestTheNumber:
    def test_is_the_same_wherever_it_is_named(self) -> None:
        named = numbers.found(ROOT)
        assert {"pyproject.toml", "charts/bookstore/Chart.yaml", "charts/bookstore/README.md"} <= set(named)
        assert {path: each for path, each in named.items() if each != {FIRST}} == {}


class TestMaking:
    def test_writes_commits_and_tags_one_number(self, released: Repository) -> None:
        done = released.release("make", NEXT)
        assert done.returncode == 0, done.stderr
        assert f"git push --atomic origin HEAD v{NEXT}" in done.stdout
        assert released.git("status", "--porcelain") == ""
        assert released.git("log", "-1", "--format=%s") == f"Release {NEXT}"
        assert released.git("rev-parse", f"v{NEXT}^{{commit}}") == released.git("rev-parse", "HEAD")
        self.names_one_number_everywhere(released)
        self.says_what_changed(released)

    def names_one_number_everywhere(self, released: Repository) -> None:
        assert set().union(*numbers.found(released.folder).values()) == {NEXT}
        about = yaml.safe_load(released.read("charts/bookstore/Chart.yaml"))
        assert (about["version"], about["appVersion"]) == (NEXT, NEXT)
        assert f"image: bookstore:{NEXT}" in about["annotations"]["artifacthub.io/images"]
        assert tomllib.loads(released.read("pyproject.toml"))["project"]["version"] == NEXT
        assert released.run("git", "grep", "-nF", f"bookstore:{FIRST}", "--", "charts", "dev", "README.md").stdout == ""

    def says_what_changed(self, released: Repository) -> None:
        today = datetime.now(UTC).date().isoformat()
        assert f"## Unreleased\n\n## {NEXT} - {today}\n\n{CHANGES}" in released.read("CHANGELOG.md")
        about = yaml.safe_load(released.read("charts/bookstore/Chart.yaml"))
        assert yaml.safe_load(about["annotations"]["artifacthub.io/changes"]) == [
            {"kind": "added", "description": "A shelf for maps and atlases (docs/metrics.md)."},
            {"kind": "fixed", "description": "The `till`: it rang twice."},
        ]
        assert released.release("notes", NEXT).stdout == CHANGES
        assert CHANGES.strip() in released.git("tag", "--list", "--format=%(contents)", f"v{NEXT}")

    def test_is_done_again_for_the_next_but_not_twice(self, released: Repository) -> None:
        assert released.release("make", NEXT).returncode == 0
        assert f"v{NEXT} is a tag" in released.refused("make", NEXT)
        after = f"{MAJOR}.{MINOR + 1}.1"
        assert 'no entry under "Unreleased"' in released.refused("make", after)
        unreleased(released, "### Changed\n\n- The sign above the door.\n")
        released.commit()
        assert released.release("make", after).returncode == 0
        assert released.release("notes", after).stdout == "### Changed\n\n- The sign above the door.\n"

    def test_of_a_repository_without_a_release_may_take_the_number_that_it_has(self, repository: Repository) -> None:
        assert repository.release("check").returncode == 0
        unreleased(repository, CHANGES)
        repository.commit()
        assert repository.release("make", FIRST).returncode == 0
        assert set().union(*numbers.found(repository.folder).values()) == {FIRST}


class TestCommits:
    def test_that_users_notice_are_entries_of_their_own(self, released: Repository) -> None:
        unreleased(released, CHANGES)
        released.commit("feat: a shelf for maps")
        for message in (
            "feat(cart): gift cards can be bought",
            "fix: a till rang twice.\n\nIts bell was loose.",
            "fix(security): the door is locked at night",
            "docs: how to ring the till",
            "A change that nobody notices",
        ):
            released.git("commit", "--quiet", "--allow-empty", "--message", message)
        brings = """### Added

- A shelf for maps
  and atlases ([docs/metrics.md](docs/metrics.md)).
- Gift cards can be bought.

### Fixed

- The `till`: it rang twice.
- A till rang twice.

### Security

- The door is locked at night.
"""
        assert released.release("notes").stdout == brings
        assert released.release("make", NEXT).returncode == 0
        assert released.release("notes", NEXT).stdout == brings
        assert released.release("notes").stdout.strip() == ""
        about = yaml.safe_load(released.read("charts/bookstore/Chart.yaml"))
        kinds = [each["kind"] for each in yaml.safe_load(about["annotations"]["artifacthub.io/changes"])]
        assert kinds == ["added", "added", "fixed", "fixed", "security"]

    def test_that_break_something_want_a_number_that_says_so(self, released: Repository) -> None:
        for message in (
            "feat(api)!: prices are objects\n\nBREAKING CHANGE: Read price.amount\nwhere you read price.",
            "chore: the cellar is closed\n\nBREAKING-CHANGE: Atlases are upstairs.",
        ):
            released.git("commit", "--quiet", "--allow-empty", "--message", message)
        assert "number must rise" in released.refused("make", f"{MAJOR}.{MINOR}.{PATCH + 1}")
        assert released.release("make", NEXT).returncode == 0
        entries = """### Changed

- **Breaking:** Prices are objects. Read price.amount where you read price.
- **Breaking:** The cellar is closed. Atlases are upstairs.
"""
        assert released.release("notes", NEXT).stdout.endswith(entries)


class TestRefusing:
    def test_what_is_no_version_or_comes_before_the_last(self, released: Repository) -> None:
        assert "'v1.2.3' is no version" in released.refused("make", "v1.2.3")
        for number in ("1.2", "1.2.3-rc.1", "01.2.3", "1.2.3 "):
            with pytest.raises(ValueError, match="is no version"):
                numbers.parse(number)
        assert f"comes before {FIRST}" in released.refused("make", "0.0.1")
        assert "is a tag" in released.refused("make", FIRST)

    def test_what_is_not_committed(self, released: Repository) -> None:
        released.write("new.txt", "not even added")
        assert "not committed" in released.refused("make", NEXT)

    def test_changes_of_no_known_kind(self, released: Repository) -> None:
        unreleased(released, "### Improved\n\n- The light.\n")
        released.commit()
        assert "'### Improved'" in released.refused("make", NEXT)

    def test_a_commit_that_git_refuses_leaves_the_tree_as_it_was(self, released: Repository) -> None:
        hook = released.folder / ".git/hooks/pre-commit"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text("#!/bin/sh\necho not today >&2\nexit 1\n")
        hook.chmod(0o755)
        assert "not today" in released.refused("make", NEXT)


class TestBreakingValues:
    def test_need_a_word_on_upgrading_and_a_number_that_says_so(self, released: Repository) -> None:
        released.replace("charts/bookstore/values.yaml", ROLLOUT_TOKEN, "")
        released.replace("charts/bookstore/values.yaml", PULL_SECRETS, '  pullSecrets: ""\n')
        released.output(sys.executable, "-m", "ci.chart")
        released.commit()
        said = released.refused("make", NEXT)
        assert "web.rolloutToken is removed" in said
        assert "image.pullSecrets is no longer array" in said
        assert said == released.refused("check")
        released.replace(
            "docs/upgrading.md",
            "## Unreleased\n",
            "## Unreleased\n\nWrite `image.pullSecrets` with commas, and leave `rolloutToken` out.\n",
        )
        released.commit()
        assert released.release("check").returncode == 0
        assert "number must rise" in released.refused("make", f"{MAJOR}.{MINOR}.{PATCH + 1}")
        assert released.release("make", NEXT).returncode == 0
        assert "### Before you upgrade\n\nWrite `image.pullSecrets`" in released.release("notes", NEXT).stdout
        assert re.search(rf"## Unreleased\n\n## {re.escape(NEXT)}\n\nWrite", released.read("docs/upgrading.md"))

    @pytest.mark.parametrize(
        ("old", "new", "why"),
        [
            ({"type": "string"}, {"type": ["string", "null"]}, {}),
            ({"type": "integer"}, {"type": "number"}, {}),
            ({"type": "number"}, {"type": "integer"}, {"a": "is no longer number"}),
            ({"type": "string"}, {"type": "string", "enum": ["b"]}, {"a": "is only b"}),
            ({"enum": ["b", "c"]}, {"enum": ["c", "d"]}, {"a": "is no longer b"}),
            ({"type": "integer", "minimum": 1}, {"type": "integer", "minimum": 0}, {}),
            ({"type": "integer", "minimum": 1}, {"type": "integer", "minimum": 2}, {"a": "has the minimum 2"}),
            ({"type": "string"}, {"type": "string", "maxLength": 9}, {"a": "has the maxLength 9"}),
            ({"$ref": "#/$defs/one"}, {"$ref": "#/$defs/two"}, {"a.b": "is no longer string"}),
            ({"type": "object", "additionalProperties": {"$ref": "#/$defs/one"}}, {"type": "object"}, {}),
            (
                {"type": "object", "additionalProperties": {"$ref": "#/$defs/one"}},
                {"type": "object", "additionalProperties": {"$ref": "#/$defs/two"}},
                {"a.*.b": "is no longer string"},
            ),
            ({"items": {"type": "string"}}, {"items": {"type": "object"}}, {"a.[]": "is no longer string"}),
            (
                {"type": "object", "additionalProperties": True},
                {"type": "object", "additionalProperties": False},
                {"a": "takes no key of its own any more"},
            ),
            ({"type": "object"}, {"type": "object", "required": ["b"]}, {"a.b": "is now required"}),
        ],
    )
    def test_are_told_from_the_schemas(self, old: Schema, new: Schema, why: dict[str, str]) -> None:
        shared = {
            "one": {"type": "object", "properties": {"b": {"type": "string"}, "again": {"$ref": "#/$defs/one"}}},
            "two": {"type": "object", "properties": {"b": {"type": "boolean"}, "again": {"$ref": "#/$defs/two"}}},
        }
        schemas: list[Schema] = [{"type": "object", "properties": {"a": one}, "$defs": shared} for one in (old, new)]
        assert Comparison(schemas[0], schemas[1]).refused() == why

    def test_of_this_schema_beside_itself_are_none(self) -> None:
        schema = json.loads((ROOT / "charts/bookstore/values.schema.json").read_text())
        assert Comparison(schema, schema).refused() == {}


def test_the_changelog_can_be_released() -> None:
    body = changelog.section((ROOT / "CHANGELOG.md").read_text(), "Unreleased")
    assert all(entry["kind"] in changelog.KINDS for entry in changelog.changes(body))
