"""The geometry of a bar chart, for a template to draw as SVG."""

from collections.abc import Sequence
from dataclasses import dataclass

STEP, BAR = 10, 8
HEIGHT = 100


@dataclass(frozen=True)
class Bar:
    """A bar, in the chart's own units."""

    x: int
    y: float
    height: float


@dataclass(frozen=True)
class Chart:
    """Bars up and, for values below zero, down from a base line."""

    width: int
    base: float
    bars: list[Bar]


def chart(values: Sequence[int]) -> Chart:
    """A chart of these values, as high as their range."""
    low, high = min(0, *values), max(0, *values)
    scale = HEIGHT / ((high - low) or 1)
    base = high * scale
    bars = [
        Bar(index * STEP + (STEP - BAR) // 2, round(base - max(value, 0) * scale, 2), round(abs(value) * scale, 2))
        for index, value in enumerate(values)
    ]
    return Chart(len(values) * STEP, round(base, 2), bars)
