"""Make a release: `python -m ci.release make VERSION`, which `make release VERSION=…` runs.

It refuses what would make a bad one, writes the number and the changes wherever they stand, commits and tags. Nothing
leaves the machine: pushing the tag publishes it.
"""

import argparse
import json
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from ci import chart
from ci.release import changelog, commits, numbers
from ci.release.breaking import Comparison

ROOT = Path(__file__).parents[2]
SCHEMA = "charts/bookstore/values.schema.json"
HISTORY = ROOT / "CHANGELOG.md"
UPGRADING = ROOT / "docs/upgrading.md"


class Refused(Exception):
    """Why there is no release, in a sentence that says what to do."""


def git(*arguments: str, check: bool = True) -> str:
    """What git prints; raises Refused with what it says where it fails."""
    done = subprocess.run(["git", *arguments], check=False, cwd=ROOT, capture_output=True, text=True)
    if check and done.returncode:
        raise Refused(f"git {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout.strip()


def last() -> str | None:
    """The newest release's number, from the tags."""
    tags = (tag.removeprefix("v") for tag in git("tag", "--list", "v*").splitlines())
    return max(filter(numbers.VERSION.fullmatch, tags), key=numbers.parse, default=None)


def breaking(since: str) -> dict[str, str]:
    """The values that were taken by a release and are not taken now, and why."""
    old = json.loads(git("show", f"v{since}:{SCHEMA}"))
    return Comparison(old, json.loads((ROOT / SCHEMA).read_text())).refused()


def unnoted(values: dict[str, str]) -> list[str]:
    """Those that the next release's upgrade notes do not name in backticks, by their path or the end or begin of it."""
    text = UPGRADING.read_text()
    named = re.findall(r"`([\w.*\[\]-]+)`", changelog.section(text, changelog.UNRELEASED))
    return [
        path
        for path in values
        if not any(path == name or path.startswith(f"{name}.") or path.endswith(f".{name}") for name in named)
    ]


def check() -> dict[str, str]:
    """The values that break since the last release; raises Refused where the upgrade notes do not name one."""
    since = last()
    values = breaking(since) if since else {}
    if missing := unnoted(values):
        lines = [f"  {path} {values[path]}" for path in missing]
        told = "\n".join([f"Since {since} these values are refused that were taken before:", *lines])
        raise Refused(f'{told}\nSay in docs/upgrading.md, under "Unreleased", what to write instead of each.')
    return values


def unreleased() -> str:
    """What the next release brings: what CHANGELOG.md says, then the commits that did not write it there themselves."""
    written = changelog.section(HISTORY.read_text(), changelog.UNRELEASED)
    since = last()
    span = [f"v{since}..HEAD"] if since else []
    told = git("log", "--format=%H", *span, "--", HISTORY.name).split()
    return changelog.joined(written, commits.entries(ROOT, span, told))


def examine(version: str) -> str:
    """What a release of this number would bring; raises Refused where it may not be made."""
    new = numbers.parse(version)
    if git("status", "--porcelain"):
        raise Refused("The tree has changes that are not committed: commit or stash them.")
    if git("tag", "--list", f"v{version}"):
        raise Refused(f"{version} is released already: v{version} is a tag.")
    since = last()
    if since and new < numbers.parse(since):
        raise Refused(f"{version} comes before {since}, the last release.")
    body = unreleased()
    entries = changelog.changes(body)
    if not entries:
        raise Refused(
            'Nothing has changed: CHANGELOG.md has no entry under "Unreleased", and no commit is a feat or a fix.'
        )
    breaks = [entry["description"] for entry in entries if entry["description"].startswith(commits.BREAKING)]
    # Semantic Versioning 2.0.0, 4 and 8: before 1.0.0 the minor number is the one that tells of it.
    if since and (check() or breaks) and new[: 1 + (new[0] == 0)] == numbers.parse(since)[: 1 + (new[0] == 0)]:
        raise Refused(f"What was right in {since} breaks: the {'minor' if new[0] == 0 else 'major'} number must rise.")
    return body


def make(version: str) -> None:
    """Write, commit and tag it; raises Refused, with the tree as it was."""
    body = examine(version)
    try:
        write(version, body)
        git("commit", "--quiet", "--all", "--message", f"Release {version}")
    except (Refused, ValueError, OSError):
        git("reset", "--quiet", "--hard")
        raise
    git(
        "tag",
        "--annotate",
        f"v{version}",
        "--message",
        f"Bookstore {version}\n\n{notes(version)}",
        "--cleanup=verbatim",
    )


def write(version: str, body: str) -> None:
    """The number and the changes, wherever they stand."""
    numbers.write(ROOT, version)
    about = chart.CHART / "Chart.yaml"
    about.write_text(changelog.annotated(about.read_text(), changelog.changes(body)))
    title = changelog.dated(version, datetime.now(UTC).date())
    HISTORY.write_text(changelog.released(HISTORY.read_text(), title, body))
    if before := changelog.section(UPGRADING.read_text(), changelog.UNRELEASED):
        UPGRADING.write_text(changelog.released(UPGRADING.read_text(), version, before))
    for path, text in chart.outputs().items():
        path.write_text(text)


def notes(version: str | None) -> str:
    """What a release brings, and what to do before, as CHANGELOG.md and docs/upgrading.md say; None is the next one."""
    brings = changelog.section(HISTORY.read_text(), version) if version else unreleased()
    before = changelog.section(UPGRADING.read_text(), version or changelog.UNRELEASED)
    return f"{brings}\n\n### Before you upgrade\n\n{before}" if before else brings


def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m ci.release", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("make", help="write, commit and tag a version").add_argument("version")
    brings = commands.add_parser("notes", help="print what a version brings")
    brings.add_argument("version", nargs="?", help="default: the next, as far as it is committed")
    commands.add_parser("check", help="fail for values that break without a word in docs/upgrading.md")
    arguments = parser.parse_args()
    try:
        if arguments.command == "make":
            make(arguments.version)
            sys.stdout.write(
                f"v{arguments.version} is committed and tagged. This publishes it:\n"
                f"  git push --atomic origin HEAD v{arguments.version}\n"
            )
        elif arguments.command == "notes":
            sys.stdout.write(notes(arguments.version) + "\n")
        else:
            check()
    except (Refused, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
