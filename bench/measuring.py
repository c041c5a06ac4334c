"""Routes measured in turn, round after round, so that what else the machine does falls on all of them alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Literal

from bench.client import Load, get, send
from bench.processes import Web

WARM_UP_REQUESTS = 60
THROUGHPUT_CONNECTIONS = 4


@dataclass(frozen=True)
class Route:
    """Paths of one kind, asked in turn of one server."""

    web: Web
    paths: Sequence[str]

    def load(self, requests: int, connections: int = 1) -> Load:
        """So many of them."""
        return Load(self.web.port, [get(path) for path in self.paths], requests, connections)


@dataclass
class Series:
    """What each round gave, in seconds of one request; and requests a second over several connections."""

    cpu: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p95: list[float] = field(default_factory=list)
    mean: list[float] = field(default_factory=list)
    throughput: float = 0

    def ratio(self, other: "Series", of: Literal["cpu", "mean"] = "cpu") -> float:
        """How many times the other's, as the median over rounds of the ratio within a round."""
        mine, others = (self.cpu, other.cpu) if of == "cpu" else (self.mean, other.mean)
        return median(one / another for one, another in zip(mine, others, strict=True))


def measure(routes: Mapping[str, Route], *, rounds: int, requests: int) -> dict[str, Series]:
    """Each route's series; in a round each gets `requests` requests, one after the other, on one connection."""
    series = {name: Series() for name in routes}
    for route in routes.values():
        send(route.load(WARM_UP_REQUESTS, THROUGHPUT_CONNECTIONS))
    for number in range(rounds):
        for name, route in routes.items():
            # Another part of the paths in each round, the same for routes that share them.
            start = number * requests % len(route.paths)
            paths = [*route.paths[start:], *route.paths[:start]]
            _add_round(series[name], Route(route.web, paths), requests)
    for name, route in routes.items():
        answers = send(route.load(requests, THROUGHPUT_CONNECTIONS))
        series[name].throughput = len(answers.latencies) / answers.elapsed
    return series


def _add_round(series: Series, route: Route, requests: int) -> None:
    before = route.web.cpu_seconds()
    answers = send(route.load(requests))
    series.cpu.append((route.web.cpu_seconds() - before) / requests)
    series.p50.append(answers.quantile(0.5))
    series.p95.append(answers.quantile(0.95))
    series.mean.append(sum(answers.latencies) / requests)
