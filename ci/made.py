"""Files that are made from others: written, or with --check only compared."""

import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent


def main(outputs: Mapping[Path, str], module: str) -> int:
    """Write what differs, or with --check on the command line name it; return the exit code."""
    check = "--check" in sys.argv[1:]
    stale = {path: text for path, text in outputs.items() if not path.exists() or path.read_text() != text}
    for path, text in stale.items():
        if check:
            sys.stderr.write(f"{path.relative_to(ROOT)} is out of date: run python -m {module}\n")
        else:
            path.write_text(text)
    return int(check and bool(stale))
