"""The release's number, in every file that names it."""

import re
import subprocess
from pathlib import Path

VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
NUMBER = r"\d+\.\d+\.\d+"
# The lines that give it. appVersion is the default of the image's tag.
GIVEN = {
    "pyproject.toml": (r'(^version = ")NUMBER(?=")',),
    "compose.yaml": (r"(^    args: \{VERSION: )NUMBER(?=\})",),
    "charts/bookstore/Chart.yaml": (r"(^version: )NUMBER()$", r'(^appVersion: ")NUMBER(?=")'),
}
# And the mentions anywhere else, as a reader would type them: of the image with its tag, of the chart's package.
MENTION = r"(\bbookstore(?::|-(?=[\d.]+\.tgz)))NUMBER\b"
# These tell of other releases, too.
OTHERS = ("CHANGELOG.md", "docs/upgrading.md", "tests/")

Version = tuple[int, ...]


def parse(text: str) -> Version:
    """The parts of a version `major.minor.patch`; raises ValueError for anything else."""
    if not VERSION.fullmatch(text):
        raise ValueError(f"{text!r} is no version: three numbers are wanted, as in 1.2.3")
    return tuple(int(part) for part in text.split("."))


def found(root: Path) -> dict[str, set[str]]:
    """Each file that names the number, with what it says."""
    named = {}
    for path, patterns in _files(root).items():
        text = (root / path).read_text()
        numbers = {one[0][len(one[1]) :] for pattern in patterns for one in pattern.finditer(text)}
        if numbers or path in GIVEN:
            named[path] = numbers
    return named


def write(root: Path, version: str) -> None:
    """Put the number wherever one is named."""
    for path, patterns in _files(root).items():
        text = (root / path).read_text()
        made = text
        for pattern in patterns:
            made = pattern.sub(rf"\g<1>{version}", made)
        if made != text:
            (root / path).write_text(made)


def _files(root: Path) -> dict[str, list[re.Pattern[str]]]:
    listed = ["git", "grep", "-IlE", f"bookstore(:|-){NUMBER.replace(chr(92) + 'd', '[0-9]')}"]
    done = subprocess.run(listed, check=False, cwd=root, capture_output=True, text=True)
    mentioning = [path for path in done.stdout.splitlines() if not path.startswith(OTHERS)]
    patterns = {path: [MENTION] for path in mentioning}
    for path, given in GIVEN.items():
        patterns.setdefault(path, []).extend(given)
    return {
        path: [re.compile(one.replace("NUMBER", NUMBER), re.MULTILINE) for one in each]
        for path, each in patterns.items()
    }
