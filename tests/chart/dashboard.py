"""The dashboard as a picture, of what Prometheus answers to its panels: places, titles, units, legends and thresholds.

Our own, since nothing else of Grafana is here: it shows what is in the file, not how Grafana draws it.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, StrictUndefined

from tests.chart.prometheus import LABELS, Prometheus

TEMPLATE = Path(__file__).with_suffix(".svg.j2")
COLUMNS, WIDTH, ROW, GAP, HEADER = 24, 1200, 30, 8, 36
LEFT, RIGHT, TOP, LINE, LETTER = 60, 14, 34, 16, 6.2
PALETTE = ("#2a7d4f", "#c77700", "#1f5fa8", "#b3261e", "#7b4ea3", "#00889a", "#8a6d3b", "#d1458b", "#555555", "#7a9a01")
COLOURS = {
    "green": "#2a7d4f", "yellow": "#a68a00", "orange": "#c77700", "red": "#d32f2f", "dark-red": "#8e1010",
    "blue": "#1f5fa8", "purple": "#7b4ea3", "transparent": "none",
}  # fmt: skip
# Prometheus is asked for a point in as many seconds, and its rates are of so many.
STEP, RATE = 2, 10
# The greatest first: from how much on, what it is divided by, and what is written behind it.
UNITS = {
    "s": ((86400, 86400, " d"), (3600, 3600, " h"), (60, 60, " min"), (1, 1, " s"), (0, 0.001, " ms")),
    "percentunit": ((0, 0.01, " %"),),
    "reqps": ((0, 1, " req/s"),),
    "ops": ((0, 1, " ops/s"),),
    "short": ((0, 1, ""),),
    "none": ((0, 1, ""),),
}


class Series(NamedTuple):
    """What has a name in the legend, and its points: seconds, value."""

    name: str
    points: list[tuple[float, float]]


def expression(target: Mapping[str, Any], span: str) -> str:
    """A query, with what Grafana would put for its variables when it shows so long a time."""
    variables = {"$namespace": LABELS["namespace"], "$service": ".*", "$__rate_interval": f"{RATE}s", "$__range": span}
    text = str(target["expr"])
    for name, value in variables.items():
        text = text.replace(name, value)
    return text


def draw(dashboard: Mapping[str, Any], prometheus: Prometheus, begin: float, end: float) -> str:
    """The SVG of what was between two moments."""
    panels = []
    for panel in dashboard["panels"]:
        found = list(_series(panel, prometheus, begin, end))
        at, unit = panel["gridPos"], WIDTH / COLUMNS
        width, height = round(at["w"] * unit - GAP), at["h"] * ROW - GAP
        kind = {"timeseries": _timeseries, "stat": _values, "bargauge": _values}[panel["type"]]
        shown = {"title": panel["title"], "type": panel["type"], "width": width, "height": height}
        place = {"x": at["x"] * unit + GAP / 2, "y": HEADER + at["y"] * ROW + GAP / 2}
        panels.append(shown | place | kind(panel["fieldConfig"], found, width, height))
    height = HEADER + ROW * max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in dashboard["panels"])
    note = f"{round(end - begin)} s of one server; not drawn by Grafana"
    templates = Environment(autoescape=True, trim_blocks=True, undefined=StrictUndefined)
    template = templates.from_string(TEMPLATE.read_text())
    return template.render(title=dashboard["title"], note=note, panels=panels, width=WIDTH, height=height) + "\n"


def _series(panel: Mapping[str, Any], prometheus: Prometheus, begin: float, end: float) -> Iterator[Series]:
    for target in panel["targets"]:
        asked = expression(target, f"{round(end - begin)}s")
        for one in prometheus.query_range(asked, begin, end, STEP):
            name = re.sub(r"\{\{(\w+)\}\}", r"{\1}", target["legendFormat"]).format_map(one["metric"])
            yield Series(name, [(float(at) - begin, float(value)) for at, value in one["values"]])


def _values(config: Mapping[str, Any], found: list[Series], width: int, height: int) -> dict[str, Any]:
    """The last value of each series, if there is one."""
    defaults = config["defaults"]
    last = [(series.name, value) for series in found for _, value in series.points[-1:] if math.isfinite(value)]
    lines = []
    for index, (name, value) in enumerate(last):
        steps = [step for step in defaults["thresholds"]["steps"] if step["value"] is None or value >= step["value"]]
        lines.append(
            {
                "name": name,
                "text": _text(value, defaults["unit"]),
                "colour": COLOURS[steps[-1]["color"]],
                "y": round(TOP + (height - TOP) / len(last) * (index + 0.5)),
                "bar": round(max(0, min(1, value / defaults["max"])) * (width - 310)),
            }
        )
    return {"lines": lines}


def _timeseries(config: Mapping[str, Any], found: list[Series], width: int, height: int) -> dict[str, Any]:
    """Lines over time, above their legend."""
    defaults = config["defaults"]
    legend, rows = _legend(found, width)
    bottom = height - LINE * (rows + 1) - 8
    custom = defaults.get("custom", {})
    values = [value for series in found for _, value in series.points if math.isfinite(value)]
    most: float = max([*values, custom.get("axisSoftMax", 0)])
    step = _step(most, defaults["unit"])
    top: float = step * max(1, math.ceil(most / step))
    seconds = max([1.0, *(at for series in found for at, _ in series.points)])

    def x(at: float) -> int:
        return round(LEFT + at / seconds * (width - LEFT - RIGHT))

    def y(value: float) -> int:
        return round(bottom - value / top * (bottom - TOP))

    def path(points: Iterable[tuple[float, float]]) -> str:
        # A gap where there is no number, or no point at all.
        there = {round(at / STEP): (at, value) for at, value in points if math.isfinite(value)}
        places = ((index, f"{x(at)} {y(value)}") for index, (at, value) in there.items())
        return "".join(f"L{place}" if index - 1 in there else f"M{place}h0" for index, place in places)

    steps = defaults["thresholds"]["steps"] if custom.get("thresholdsStyle", {}).get("mode") == "dashed" else []
    return {
        "bottom": bottom,
        "ticks": [
            {"y": y(step * tick), "text": _text(step * tick, defaults["unit"])} for tick in range(round(top / step) + 1)
        ],
        "times": [{"x": x(at), "text": f"{at // 60}:{at % 60:02}"} for at in range(0, int(seconds) + 1, 30)],
        "thresholds": [
            {"y": y(one["value"]), "colour": COLOURS[one["color"]]} for one in steps if 0 < (one["value"] or 0) <= top
        ],
        "lines": [
            {
                "name": series.name,
                "path": path(series.points),
                "colour": _colour(config, series.name) or PALETTE[index % len(PALETTE)],
                "x": left,
                "y": bottom + LINE * (row + 2) + 4,
            }
            for index, (series, (left, row)) in enumerate(zip(found, legend, strict=True))
        ],
    }


def _colour(config: Mapping[str, Any], name: str) -> str | None:
    """What an override says of a series, by its name or a pattern of it."""
    for override in config["overrides"]:
        kind, wanted = override["matcher"]["id"], override["matcher"]["options"]
        if {"byName": name == wanted, "byRegexp": re.search(wanted.strip("/"), name)}[kind]:
            return COLOURS[override["properties"][0]["value"]["fixedColor"]]
    return None


def _legend(found: list[Series], width: int) -> tuple[list[tuple[int, int]], int]:
    """Where each name begins: how far to the right, in which row; and the number of rows."""
    places, left, row = [], 10, 0
    for series in found:
        needed = round(len(series.name) * LETTER) + 30
        if left + needed > width and left > 10:
            left, row = 10, row + 1
        places.append((left, row))
        left += needed
    return places, row + 1


def _step(most: float, unit: str) -> float:
    """A number that is round in what it is written in, and makes about four ticks."""
    _, divisor, _ = _scale(most, unit)
    exponent = divisor * 10.0 ** math.floor(math.log10(most / divisor / 4 or 1))
    return next(exponent * digit for digit in (1, 2, 5, 10) if exponent * digit * 4 >= most)


def _scale(value: float, unit: str) -> tuple[float, float, str]:
    return next(one for one in UNITS[unit] if abs(value) >= one[0])


def _text(value: float, unit: str) -> str:
    """A number as people read it, to three digits."""
    _, divisor, behind = _scale(value, unit)
    shown = f"{value / divisor:.3g}"
    return f"{round(value / divisor) if 'e' in shown else shown}{behind}"
