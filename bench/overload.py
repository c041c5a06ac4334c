"""Two and five times as many orders as the shop can take: how many are taken, how fast the rest is refused, and after.

The peak is what as many buyers as there are threads get who each wait for their answer. In a round it is measured
beside the rushes, so that what else the machine does falls on all of them.
"""

import math
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from bench import client, open_loop
from bench.client import Load
from bench.market import CLIENTS, Market, per_second
from bench.open_loop import Outcome, Rush
from bench.processes import Web
from bench.report import Goal, table

TIMES = (2, 5)
# From which the peak is guessed, to know how many orders take as long as a rush.
SOUNDING_ORDERS = 40
# After a rush the shop is itself again when one buyer waits no longer than this many times as before.
USUAL = 2
PATIENCE_SECONDS = 10.0
HEADER = [
    "sent", "taken, of the peak", "CPU of an order, of one at the peak", "refused", "order p50 ms", "p99",
    "refusal p50 ms", "p99", "health p99 ms",
]  # fmt: skip


@dataclass
class Rushes:
    """What the rounds gave, by how many times the peak was sent."""

    peaks: list[float] = field(default_factory=list)
    cpu: dict[int, list[float]] = field(default_factory=lambda: {times: [] for times in TIMES})
    outcomes: dict[int, list[Outcome]] = field(default_factory=lambda: {times: [] for times in TIMES})
    recoveries: list[float] = field(default_factory=list)

    def goals(self) -> list[Goal]:
        """What is promised for each."""
        return [
            *(
                Goal(f"orders taken/s of {times} x the peak, of the peak", self.goodput(times), 0.9, at_least=True)
                for times in TIMES
            ),
            Goal("p99 of a refusal", self.refusal_milliseconds(), 50, "ms"),
            Goal("wrong answers and failed health checks", len(self.wrong()), 0, ""),
            Goal("longest until one buyer waits as before", max(self.recoveries), 5, "s"),
        ]

    def goodput(self, times: int) -> float:
        """Orders a second, of the peak's, as the median over rounds."""
        return median(one.goodput / peak for one, peak in zip(self.outcomes[times], self.peaks, strict=True))

    def wrong(self) -> list[str]:
        """Answers that are neither an order nor a proper refusal, and health checks that failed."""
        return [text for outcomes in self.outcomes.values() for one in outcomes for text in one.wrong]

    def refusal_milliseconds(self) -> float:
        """How long all refusals but one in a hundred took at most."""
        waits = [wait for outcomes in self.outcomes.values() for one in outcomes for _, wait in one.refused]
        return _quantile(waits, 0.99) * 1000

    def table(self) -> str:
        """A row for each rush."""
        rows = []
        for times, outcomes in self.outcomes.items():
            served = [wait for one in outcomes for _, wait in one.served]
            refused = [wait for one in outcomes for _, wait in one.refused]
            healthy = [wait for one in outcomes for wait in one.healthy]
            quantiles = [(served, 0.5), (served, 0.99), (refused, 0.5), (refused, 0.99), (healthy, 0.99)]
            cells = [f"{_quantile(waits, share) * 1000:.0f}" for waits, share in quantiles]
            share = len(refused) / max(len(served) + len(refused), 1)
            ratios = [f"{value:.2f}" for value in (self.goodput(times), median(self.cpu[times]))]
            rows.append([f"{times} x", *ratios, f"{share:.0%}", *cells])
        return table(HEADER, rows)


def _quantile(waits: Sequence[float], share: float) -> float:
    return sorted(waits)[min(int(share * len(waits)), len(waits) - 1)] if waits else 0.0


def measure(web: Web, market: Market, *, rounds: int, seconds: float) -> Rushes:
    """Rounds of the peak and a rush of each size."""
    result = Rushes()
    for _ in range(rounds):
        _add_round(result, web, market, seconds)
    return result


def _add_round(result: Rushes, web: Web, market: Market, seconds: float) -> None:
    usual = _alone(web, market)
    count = max(int(per_second(web, market.orders(SOUNDING_ORDERS)) * seconds), CLIENTS)
    before = web.cpu_seconds()
    peak = per_second(web, market.orders(count))
    usual_cpu = (web.cpu_seconds() - before) / count
    result.peaks.append(peak)
    for times in TIMES:
        orders = market.orders(int(peak * times * seconds))
        before = web.cpu_seconds()
        outcome = open_loop.send(Rush(web.port, web.metrics_port, orders, peak * times))
        result.cpu[times].append((web.cpu_seconds() - before) / max(len(outcome.served), 1) / usual_cpu)
        result.outcomes[times].append(outcome)
        result.recoveries.append(_recovery(web, market, usual))


def _alone(web: Web, market: Market) -> float:
    """The median wait of one buyer alone; endless where one of the orders is refused."""
    try:
        return client.send(Load(web.port, market.orders(20), 20)).quantile(0.5)
    except subprocess.CalledProcessError:
        return math.inf


def _recovery(web: Web, market: Market, usual: float) -> float:
    """Seconds until one buyer alone waits as usual again."""
    ended = time.perf_counter()
    while _alone(web, market) > USUAL * usual and time.perf_counter() - ended < PATIENCE_SECONDS:
        pass
    return time.perf_counter() - ended
