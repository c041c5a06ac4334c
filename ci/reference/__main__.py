"""Make docs/reference: `python -m ci.reference [--check]`."""

import sys
from pathlib import Path

from ci.reference import api, commands, settings

FOLDER = Path(__file__).parents[2] / "docs/reference"


def outputs() -> dict[Path, str]:
    """Each made page with its content."""
    pages = {"api.md": api.page(), "commands.md": commands.page(), "settings.md": settings.page()}
    return {FOLDER / name: text for name, text in pages.items()}


def main() -> int:
    """Write them, or with --check say which differ."""
    check = "--check" in sys.argv[1:]
    stale = {path: text for path, text in outputs().items() if not path.exists() or path.read_text() != text}
    for path, text in stale.items():
        if check:
            sys.stderr.write(f"docs/reference/{path.name} is out of date: run python -m ci.reference\n")
        else:
            path.write_text(text)
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
