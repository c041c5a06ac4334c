"""What a scenario showed, for docs/reliability.md: its numbers as JSON, and a timeline as SVG.

Only where BOOKSTORE_RELIABILITY names the folder; `python -m ci.reliability` makes the page of it.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment

from bookstore.staff.chart import chart
from tests.cluster.prober import Fate, Record

VARIABLE = "BOOKSTORE_RELIABILITY"
# Each kind of fate has a band of its own: what it is called, its colour, and what belongs to it.
BANDS: tuple[tuple[str, str, Callable[[Fate], bool]], ...] = (
    ("good", "#2a7d4f", lambda fate: fate.is_good),
    ("refused", "#c77700", lambda fate: fate.is_refused),
    ("failed", "#b3261e", lambda fate: not (fate.is_good or fate.is_refused)),
)
# In units of the picture, as its template has them.
WIDTH, BAND, LINE = 800, 60, 16
TEMPLATE = Path(__file__).parent / "timeline.svg.j2"


def write(scenario: str, promise: str, record: Record) -> None:
    """The scenario's two files, by its name."""
    if not (folder := os.environ.get(VARIABLE)):
        return
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^a-z0-9]+", "-", scenario.lower()).strip("-")
    shown = {
        "scenario": scenario,
        "promise": promise,
        "requests": len(record.fates),
        **{title: sum(map(belongs, record.fates)) for title, _, belongs in BANDS},
        "slowest_seconds": round(record.slowest, 1),
        "orders": len(record.orders),
        "date": datetime.now(UTC).date().isoformat(),
    }
    (place / f"{name}.json").write_text(json.dumps(shown, indent=2) + "\n")
    (place / f"{name}.svg").write_text(timeline(scenario, record))


def timeline(title: str, record: Record) -> str:
    """How many requests of each kind ended in each second, and when what was done to the shop."""
    begin = record.began
    ends = [(fate, int(fate.moment + fate.seconds - begin)) for fate in record.fates]
    seconds = 1 + max(end for _, end in ends)
    top = LINE * (2 + len(record.marks))
    bands = []
    for row, (name, colour, belongs) in enumerate(BANDS):
        counts = Counter(end for fate, end in ends if belongs(fate))
        drawn = chart([counts[second] for second in range(seconds)])
        most = max(counts.values(), default=0)
        bands.append({"name": name, "colour": colour, "most": most, "chart": drawn, "y": top + row * (BAND + LINE)})
    marks = [
        {"x": round((moment - begin) / seconds * WIDTH), "seconds": round(moment - begin), "what": what}
        for moment, what in record.marks
    ]
    template = Environment(autoescape=True, trim_blocks=True).from_string(TEMPLATE.read_text())
    height = top + len(BANDS) * (BAND + LINE)
    return template.render(title=title, seconds=seconds, bands=bands, marks=marks, height=height) + "\n"
