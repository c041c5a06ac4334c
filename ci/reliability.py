"""Make docs/reliability.md's table from the last run of each scenario: `python -m ci.reliability [--check]`.

`BOOKSTORE_RELIABILITY=docs/images/reliability make e2e-full` writes the runs: tests/cluster/report.py.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
RUNS = ROOT / "docs/images/reliability"
PAGE = ROOT / "docs/reliability.md"
BEGIN, END = "<!-- made by python -m ci.reliability -->\n", "<!-- end -->\n"


def table(runs: list[Mapping[str, Any]]) -> str:
    """A row for each scenario."""
    head = "| scenario | must show | good | refused | failed | orders | slowest | on |\n"
    return "".join((head, "|---" * 8, "|\n", *map(_row, runs)))


def _row(run: Mapping[str, Any]) -> str:
    name = f"[{run['scenario']}](images/reliability/{run['name']}.svg)"
    counts = " | ".join(f"{run[key]:,}" for key in ("good", "refused", "failed", "orders"))
    return f"| {name} | {run['promise']} | {counts} | {run['slowest_seconds']} s | {run['date']} |\n"


def page() -> str:
    """The page with its table of all runs that are there."""
    runs = [json.loads(file.read_text()) | {"name": file.stem} for file in sorted(RUNS.glob("*.json"))]
    before, _, rest = PAGE.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}{table(runs)}{END}{after}"


def main() -> int:
    """Write it, or with --check say that it differs."""
    made = page()
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(made)
    elif made != PAGE.read_text():
        sys.stderr.write("docs/reliability.md is out of date: run python -m ci.reliability\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
