"""Measure the shop with a cache and without one: `python -m bench.cached`; writes bench/cached.md.

Needs valkey-server or redis-server. Every ratio is of numbers from one run, in which all routes take turns.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import psycopg

from bench import data
from bench.__main__ import CONSTANT
from bench.importing import import_file
from bench.measuring import WARM_UP_REQUESTS, Route, Series, measure
from bench.processes import BASELINES, postgresql, serving
from bench.report import Goal, machine, table
from bookstore.app import create_app
from bookstore.cache.epoch import READ
from bookstore.cache.server import connect
from bookstore.config import Settings
from bookstore.db import reading
from dev.postgres import APP
from tests.caches import Valkey
from tests.databases import Databases

REPORT = Path(__file__).parent / "cached.md"
LEAST = "the shop's own least, /livez"
PAGE, HOME = "book page", "home page"
ROUND_TRIPS = 2000
# All of them are read before anything is measured.
VISITED_BOOKS = WARM_UP_REQUESTS // 2


@dataclass(frozen=True)
class Cached(Databases):
    """The same databases, for processes that have a cache, too."""

    cache: Mapping[str, str] = field(default_factory=dict)

    def environment(self, name: str, role: str = APP, **settings: str) -> dict[str, str]:
        """The environment of a process on that database and the cache."""
        return super().environment(name, role, **self.cache, **settings)


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(prog="python -m bench.cached", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a smoke run: few books, one round")
    parser.add_argument("--output", type=Path, default=REPORT, help="where the table goes")
    arguments = parser.parse_args()
    size = (1_500, 1, 40) if arguments.quick else (5_000, 5, 200)
    command = "python -m bench.cached" + (" --quick" if arguments.quick else "")
    with tempfile.TemporaryDirectory(prefix="bookstore-bench-") as folder:
        text = f"# Speed with a cache\n\nMade by `{command}`; every ratio is of numbers from this one run.\n\n"
        text += run(Path(folder), *size)
    print(text)
    arguments.output.write_text(text, encoding="utf-8")


def run(folder: Path, books: int, rounds: int, requests: int) -> str:
    """Measure, and give the report."""
    with ExitStack() as stack:
        databases = stack.enter_context(postgresql(folder / "postgres"))
        valkey = stack.enter_context(Valkey("--maxmemory", "200mb", "--maxmemory-policy", "allkeys-lru"))
        _fill(databases, folder, books)
        # Longer than the run, so that what is asked again is there.
        cached = Cached(databases.urls, valkey.settings | {"CACHE_TTL_SECONDS": "3600"})
        bare = stack.enter_context(serving(databases, "large", BASELINES, "/constant"))
        without = stack.enter_context(serving(databases, "large"))
        with_cache = stack.enter_context(serving(cached, "large"))
        paths = _paths(databases)
        routes = {CONSTANT: Route(bare, ["/constant"]), LEAST: Route(without, ["/livez"])}
        for name, asked in paths.items():
            routes |= {name: Route(without, asked), _with(name): Route(with_cache, asked)}
        series = measure(routes, rounds=rounds, requests=requests)
        trips = _round_trips(cached)
        version = psycopg.connect(databases.url("large")).info.parameter_status("server_version") or ""
    rows = [_row(name, series) for name in (CONSTANT, LEAST, *paths)]
    header = ["request", "CPU ms", "x bare", "with a cache", "x bare", "of without", "requests/s", "with a cache"]
    goals = [
        Goal("CPU of a cached book page, of a bare route's", series[_with(PAGE)].ratio(series[CONSTANT]), 1.3),
        Goal("CPU of a cached home page, of a bare route's", series[_with(HOME)].ratio(series[CONSTANT]), 3),
    ]
    return "\n\n".join(
        [
            table(["goal", "measured", "limit", ""], [goal.row() for goal in goals]),
            f"Requests to {books:,} books; the cache has what they read:",
            table(header, rows),
            f"CPU of one round trip: {', '.join(f'{name} {cost:.0f} µs' for name, cost in trips.items())}.",
            f"As in results.md: one worker of four threads, {rounds} rounds of {requests} requests on one connection.",
            machine(version) + "\n",
        ]
    )


def _with(name: str) -> str:
    return f"{name}, cached"


def _row(name: str, series: Mapping[str, Series]) -> list[str]:
    one, bare, other = series[name], series[CONSTANT], series.get(_with(name))
    cells = [name, f"{median(one.cpu) * 1000:.2f}", f"{one.ratio(bare):.2f}"]
    if other is None:
        return [*cells, "", "", "", f"{one.throughput:.0f}", ""]
    compared = [f"{median(other.cpu) * 1000:.2f}", f"{other.ratio(bare):.2f}", f"{other.ratio(one):.2f}"]
    return [*cells, *compared, f"{one.throughput:.0f}", f"{other.throughput:.0f}"]


def _fill(databases: Databases, folder: Path, books: int) -> None:
    databases.create("large")
    path = folder / "books.csv"
    data.write_csv(path, iter(data.catalogue(books)))
    import_file(databases, "large", path, books)
    with psycopg.connect(databases.url("large", "postgres"), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def _paths(databases: Databases) -> dict[str, list[str]]:
    """Addresses of each kind."""
    with psycopg.connect(databases.url("large")) as connection:
        books = connection.execute("SELECT isbn13, slug FROM book ORDER BY id LIMIT %s", [VISITED_BOOKS]).fetchall()
        (author,) = connection.execute("SELECT slug FROM author ORDER BY id LIMIT 1").fetchone() or ("",)
        (title,) = connection.execute("SELECT title FROM book ORDER BY id LIMIT 1").fetchone() or ("",)
    word = max(title.split(), key=len)
    return {
        "book JSON": [f"/api/v1/books/{isbn}" for isbn, _ in books],
        PAGE: [f"/books/{isbn}/{slug}" for isbn, slug in books],
        "list of 20 JSON": ["/api/v1/books?limit=20"],
        "search JSON": [f"/api/v1/books?q={word}"],
        HOME: ["/"],
        "browse page": ["/books"],
        "author page": [f"/authors/{author}"],
    }


def _round_trips(databases: Databases) -> dict[str, float]:
    """Microseconds of CPU that asking PostgreSQL for a version, and the cache for two versions and a value, take."""
    environment = databases.environment("large")
    settings = Settings(**{name.lower(): value for name, value in environment.items() if name.isupper()})  # type: ignore[arg-type]
    client = connect(settings)
    client.set("value", b"x" * 4000)

    def postgresql() -> None:
        with reading() as session:
            session.scalar(READ)

    with create_app(settings).app_context():
        return {
            "a version from PostgreSQL": _cpu(postgresql),
            "versions and a book from the cache": _cpu(lambda: client.mget("one", "two", "value")),
        }


def _cpu(call: Callable[[], object]) -> float:
    call()
    began = time.process_time()
    for _ in range(ROUND_TRIPS):
        call()
    return (time.process_time() - began) / ROUND_TRIPS * 1e6


if __name__ == "__main__":
    main()
