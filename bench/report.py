"""The table: what was measured, against what, and whether the goals are met."""

import os
import platform
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median

from bench.measuring import Series

RESULTS = Path(__file__).parent / "results.md"
PACKAGES = ("flask", "gunicorn", "sqlalchemy", "psycopg", "pydantic", "structlog")


@dataclass(frozen=True)
class Goal:
    """A number that must not be above its limit, or not below it."""

    name: str
    value: float
    limit: float
    unit: str = "x"
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether it is so."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def row(self) -> list[str]:
        """Its cells."""
        value, limit = f"{self.value:.2f} {self.unit}", f"{'>= ' if self.at_least else ''}{self.limit:g} {self.unit}"
        return [self.name, value, limit, "met" if self.met else "**missed**"]


def table(header: list[str], rows: list[list[str]]) -> str:
    """A Markdown table; all columns but the first are numbers."""
    rule = ["---", *["---:"] * (len(header) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (header, rule, *rows))


def routes_table(series: dict[str, Series], baseline: str) -> str:
    """A row for each route: CPU of a request, how many times the baseline's, latency, throughput."""
    rows = []
    for name, one in series.items():
        cpu, p50, p95 = (f"{median(values) * 1000:.2f}" for values in (one.cpu, one.p50, one.p95))
        rows.append([name, cpu, f"{one.ratio(series[baseline]):.2f}", p50, p95, f"{one.throughput:.0f}"])
    return table(["request", "CPU ms", "x baseline", "p50 ms", "p95 ms", "requests/s"], rows)


def machine(postgresql: str) -> str:
    """Where it ran, and on what."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    cores = os.cpu_count()
    return (
        f"{platform.system()} {platform.machine()}, {cores} cores, load {os.getloadavg()[0]:.1f} at the end; "
        f"CPython {platform.python_version()}, PostgreSQL {postgresql}, {packages}."
    )
