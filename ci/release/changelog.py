"""CHANGELOG.md, in the form of Keep a Changelog 1.1.0, and the same changes as Artifact Hub shows them."""

import re
from datetime import date

import yaml

UNRELEASED = "Unreleased"
# https://artifacthub.io/docs/topics/annotations/helm/: the kinds are the changelog's own headings.
KINDS = ("added", "changed", "deprecated", "removed", "fixed", "security")
ANNOTATION = re.compile(r"^  artifacthub\.io/changes: \|\n(?:    .*\n)*", re.MULTILINE)
LINK = re.compile(r"\[([^]]+)\]\([^)]+\)")


def section(text: str, title: str) -> str:
    """What stands below `## title`, with or without a date after it; empty where there is no such heading."""
    found = re.search(rf"^## {re.escape(title)}(?: - [^\n]*)?\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return found[1].strip() if found else ""


def released(text: str, title: str, body: str) -> str:
    """The text with `body`, which was unreleased, below `title`, and nothing unreleased."""
    before, heading, rest = text.partition(f"## {UNRELEASED}\n")
    after = rest.lstrip("\n").removeprefix(section(text, UNRELEASED)).lstrip("\n")
    newest = f"{before}{heading}\n## {title}\n\n{body}\n"
    return f"{newest}\n{after}" if after else newest


def joined(*bodies: str) -> str:
    """One body with the entries of all, each kind's below one heading."""
    kinds: dict[str, list[str]] = {}
    for block in (block for body in bodies for block in re.split("^(?=### )", body, flags=re.MULTILINE) if block):
        heading, _, entries = block.partition("\n")
        kinds.setdefault(heading, []).append(entries.strip())
    return "\n\n".join("\n".join([f"{heading}\n", *entries]) for heading, entries in kinds.items())


def dated(version: str, day: date) -> str:
    """The heading of a version."""
    return f"{version} - {day.isoformat()}"


def changes(body: str) -> list[dict[str, str]]:
    """The entries of a section, each with its kind; raises ValueError for what is below no known kind."""
    kind = ""
    found: list[dict[str, str]] = []
    for line in filter(str.strip, body.splitlines()):
        if line.startswith("### "):
            kind = line.removeprefix("### ").strip().lower()
            if kind not in KINDS:
                raise ValueError(f"CHANGELOG.md has a heading {line!r}: one of {', '.join(KINDS)} is meant")
        elif line.startswith("- ") and kind:
            found.append({"kind": kind, "description": line.removeprefix("- ").strip()})
        elif line.startswith("  ") and found:
            found[-1]["description"] += " " + line.strip()
        else:
            raise ValueError(f"CHANGELOG.md has a line that is no entry of a kind: {line!r}")
    return found


def annotated(chart: str, entries: list[dict[str, str]]) -> str:
    """Chart.yaml with these changes in its annotation for Artifact Hub, which shows no links in them."""
    plain = [{**entry, "description": LINK.sub(r"\1", entry["description"])} for entry in entries]
    listed = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=100)
    block = "".join(f"    {line}\n" for line in listed.splitlines())
    made, count = ANNOTATION.subn(lambda _: f"  artifacthub.io/changes: |\n{block}", chart)
    if count != 1:
        raise ValueError("Chart.yaml has no annotation artifacthub.io/changes to write into")
    return made
