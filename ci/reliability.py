"""Make docs/reliability.md's table from the last run of each scenario: `python -m ci.reliability [--check]`.

`BOOKSTORE_RELIABILITY=docs/images/reliability make e2e-full` writes the runs: tests/cluster/report.py.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ci import made
from ci.tables import table

ROOT = Path(__file__).parent.parent
RUNS = ROOT / "docs/images/reliability"
PAGE = ROOT / "docs/reliability.md"
COUNTS = ("good", "refused", "failed", "orders")
HEAD = ("scenario", "must show", *COUNTS, "slowest", "on")
BEGIN, END = "<!-- made by python -m ci.reliability -->\n", "<!-- end -->\n"


def _row(run: Mapping[str, Any]) -> tuple[str, ...]:
    name = f"[{run['scenario']}](images/reliability/{run['name']}.svg)"
    counts = (f"{run[key]:,}" for key in COUNTS)
    return name, run["promise"], *counts, f"{run['slowest_seconds']} s", run["date"]


def page() -> str:
    """The page with its table of all runs that are there."""
    runs = [json.loads(file.read_text()) | {"name": file.stem} for file in sorted(RUNS.glob("*.json"))]
    before, _, rest = PAGE.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}{table(HEAD, map(_row, runs))}\n{END}{after}"


if __name__ == "__main__":
    sys.exit(made.main({PAGE: page()}, "ci.reliability"))
