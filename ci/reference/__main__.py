"""Make docs/reference: `python -m ci.reference [--check]`."""

import sys
from pathlib import Path

from ci import made
from ci.reference import api, commands, settings

FOLDER = Path(__file__).parents[2] / "docs/reference"


def outputs() -> dict[Path, str]:
    """Each made page with its content."""
    pages = {"api.md": api.page(), "commands.md": commands.page(), "settings.md": settings.page()}
    return {FOLDER / name: text for name, text in pages.items()}


if __name__ == "__main__":
    sys.exit(made.main(outputs(), "ci.reference"))
