"""How many workers, of how many threads, for how many CPUs: `python -m bench.shapes` prints the table of ADR 0020."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench.client import Load, get, send
from bench.market import Market, per_second
from bench.processes import postgresql, serving
from bench.report import machine, table
from bookstore.catalogue.isbn import from_first_twelve
from tests.databases import Databases

CLIENTS = 16
# CPUs, workers, threads; for each number of CPUs the rule's own shape first: a worker for each, of four threads.
SHAPES = ((1, 1, 4), (1, 1, 2), (1, 1, 8), (1, 2, 4), (1, 4, 4), (2, 2, 4), (2, 1, 4), (2, 2, 2), (2, 2, 8), (2, 4, 4))
PAGE = f"/books/{from_first_twelve('979000000000')}/hot"
ROUNDS, WARM_UP, ORDERS, PAGES = 3, 48, 304, 912


@dataclass
class Shape:
    """A shape on so many CPUs: what it did in a second, in each round."""

    cpus: int
    workers: int
    threads: int
    orders: list[float] = field(default_factory=list)
    pages: list[float] = field(default_factory=list)

    def row(self, rule: "Shape") -> list[str]:
        """Its cells: ratios to the rule's shape, as medians over the rounds."""
        pairs = ((self.orders, rule.orders), (self.pages, rule.pages))
        ratios = (median(one / other for one, other in zip(mine, its, strict=True)) for mine, its in pairs)
        return [f"{self.cpus} CPU: {self.workers} x {self.threads}", *(f"{ratio:.2f}" for ratio in ratios)]


def measure(databases: Databases) -> Sequence[Shape]:
    """Every shape in turn, round after round, each server on the CPUs that it may use."""
    shapes = [Shape(*shape) for shape in SHAPES]
    with databases.temporary("shapes") as name:
        market = Market(databases, name)
        market.open()
        for _ in range(ROUNDS):
            for shape in shapes:
                _add_round(shape, databases, market)
    return shapes


def _add_round(shape: Shape, databases: Databases, market: Market) -> None:
    settings = {"WEB_WORKERS": str(shape.workers), "WEB_THREADS": str(shape.threads)}
    with serving(databases, market.name, settings=settings, cpus=shape.cpus) as web:
        per_second(web, market.orders(WARM_UP), CLIENTS)
        send(Load(web.port, [get(PAGE)], WARM_UP, CLIENTS))
        shape.orders.append(per_second(web, market.orders(ORDERS), CLIENTS))
        answers = send(Load(web.port, [get(PAGE)], PAGES, CLIENTS))
        shape.pages.append(len(answers.latencies) / answers.elapsed)


def main() -> None:
    """Measure, and print."""
    with tempfile.TemporaryDirectory(prefix="bookstore-bench-") as folder, postgresql(Path(folder)) as databases:
        shapes = measure(databases)
        with databases.superuser() as connection:
            version = connection.info.parameter_status("server_version") or ""
    rules = {shape.cpus: shape for shape in reversed(shapes)}
    print(
        table(["workers x threads", "orders/s, of the first's", "book pages/s"], [s.row(rules[s.cpus]) for s in shapes])
    )
    print(f"\n{CLIENTS} connections, {ROUNDS} rounds. {machine(version)}")


if __name__ == "__main__":
    main()
