"""Measure the shop against its baselines: `python -m bench`, or `python -m bench --quick` for a smoke run.

Prints a table, writes it to bench/results.md, and exits with 1 where a goal is missed.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psycopg

from bench import checkout, data, overload, pgbench, searches
from bench.client import Load, get, send
from bench.importing import Import, import_file
from bench.market import SHAPE, THREADS, WORKERS, Market, per_second
from bench.measuring import THROUGHPUT_CONNECTIONS, Route, Series, measure
from bench.processes import BASELINES, Web, cpu_seconds, postgresql, serving
from bench.report import RESULTS, Goal, machine, routes_table, table
from tests.databases import Databases

ROW = "row by psycopg, as JSON (baseline)"
CONSTANT = "constant"
PAGE, BOOK, LIST = "book page", "book JSON", "list of 20 JSON"
SMALL, LARGE = "search in the smaller catalogue", "search in the larger catalogue"
VISITED_BOOKS = 300
WARM_UP_ORDERS = 40


@dataclass(frozen=True)
class Scale:
    """How much is measured."""

    small: int
    large: int
    few: int
    rounds: int
    requests: int
    pgbench_seconds: int
    starts: int
    sales: int
    rush_seconds: float
    orders: int


FULL = Scale(
    2_000, 200_000, 10_000, rounds=7, requests=300, pgbench_seconds=5, starts=5, sales=5, rush_seconds=4,
    orders=600,
)  # fmt: skip
QUICK = Scale(500, 1_500, 300, rounds=1, requests=40, pgbench_seconds=1, starts=1, sales=1, rush_seconds=0.5, orders=16)


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a smoke run: small catalogues, one round, no goals")
    parser.add_argument("--output", type=Path, default=RESULTS, help="where the table goes")
    arguments = parser.parse_args()
    scale = QUICK if arguments.quick else FULL
    with tempfile.TemporaryDirectory(prefix="bookstore-bench-") as folder:
        text, goals = run(scale, Path(folder))
    command = "python -m bench" + (" --quick" if arguments.quick else "")
    text = f"# Speed\n\nMade by `{command}`; every ratio is of numbers from this one run.\n\n{text}\n"
    print(text)
    arguments.output.write_text(text, encoding="utf-8")
    if not arguments.quick and not all(goal.met for goal in goals):
        sys.exit(1)


def run(scale: Scale, folder: Path) -> tuple[str, list[Goal]]:
    """Measure everything; the report and the goals."""
    books = list(data.catalogue(scale.large))
    with postgresql(folder / "postgres") as databases:
        imports = _fill(databases, books, scale, folder)
        with ExitStack() as stack:
            small, large = (stack.enter_context(serving(databases, name)) for name in ("small", "large"))
            bare = stack.enter_context(serving(databases, "large", BASELINES, "/constant"))
            routes = _shop_routes(databases, bare, large, books)
            shop = measure(routes, rounds=scale.rounds, requests=scale.requests)
            asked = searches.paths(books[: scale.small], scale.rounds * scale.requests)
            shelves = {SMALL: Route(small, asked), LARGE: Route(large, asked)}
            search = measure(shelves, rounds=scale.rounds, requests=scale.requests)
            megabytes = large.megabytes()
        by_key = pgbench.select_by_key(databases.url("large"), scale.large, scale.pgbench_seconds)
        starts = [_start(databases) for _ in range(scale.starts)]
        sold, rushes = _sell(databases, folder / "postgres" / "log", scale)
        with databases.superuser() as connection:
            version = connection.info.parameter_status("server_version") or ""
    goals = [
        *_goals(shop, search), *_process_goals(starts, megabytes), *_import_goals(*imports),
        *checkout.goals(sold), *rushes.goals(),
    ]  # fmt: skip
    tables = [
        table(["goal", "measured", "limit", ""], [goal.row() for goal in goals]),
        f"Requests to {scale.large:,} books:",
        routes_table(shop, ROW),
        f"Searches (JSON) of {scale.small:,} and of {scale.large:,} books:",
        routes_table(search, SMALL),
        f"pgbench, one client, a book by its key, prepared: {by_key or 'not measured: no pgbench'}.",
        f"Import: {'; '.join(map(str, imports))}.",
        f"Checkout: {sold or 'not measured: no pgbench'}.",
        f"More orders than {WORKERS} workers of {THREADS} threads can take, for {scale.rush_seconds:g} s each:",
        rushes.table(),
    ]
    return "\n\n".join([*tables, _method(scale), machine(version)]), goals


def _fill(databases: Databases, books: list[data.Book], scale: Scale, folder: Path) -> list[Import]:
    """Import as an operator would: a catalogue of each size, and one for its memory; gives this and the large one."""
    done: list[Import] = []
    for name, content in (("small", books[: scale.small]), ("few", books[: scale.few]), ("large", books)):
        databases.create(name)
        path = folder / "books.csv"
        data.write_csv(path, iter(content))
        done.append(import_file(databases, name, path, len(content)))
    for name in ("small", "large"):
        with psycopg.connect(databases.url(name, "postgres"), autocommit=True) as connection:
            # As autovacuum will have done in a shop that has had these books for a minute.
            connection.execute("VACUUM ANALYZE")
    return done[1:]


def _sell(databases: Databases, log: Path, scale: Scale) -> tuple[checkout.Checkouts | None, overload.Rushes]:
    """Orders to one server, as many as it can take and then more."""
    with databases.temporary("market") as name:
        market = Market(databases, name)
        market.open()
        statements = checkout.statements(market, log)
        with serving(databases, name, settings=SHAPE) as web:
            per_second(web, market.orders(WARM_UP_ORDERS))
            with checkout.bare(market, statements, log.with_name("order.sql")) as bare:
                per_second(bare, market.bare_orders(WARM_UP_ORDERS))
                sold = checkout.measure(
                    (web, bare), market, statements, rounds=scale.sales, seconds=scale.pgbench_seconds,
                    orders=scale.orders,
                )  # fmt: skip
            return sold, overload.measure(web, market, rounds=scale.sales, seconds=scale.rush_seconds)


def _start(databases: Databases) -> tuple[float, float]:
    """Seconds until ready, and the CPU seconds of all processes until the first page has been answered, too."""
    with serving(databases, "large", first_path="/readyz") as web:
        send(Load(web.port, [get("/")], 1))
        return web.start_seconds, web.cpu_seconds() + cpu_seconds(web.master)


def _shop_routes(databases: Databases, bare: Web, shop: Web, books: list[data.Book]) -> dict[str, Route]:
    visited = [book.isbn for book in books[:VISITED_BOOKS]]
    with psycopg.connect(databases.url("large")) as connection:
        slugs: dict[str, str] = dict(
            connection.execute("SELECT isbn13, slug FROM book WHERE isbn13 = ANY(%s)", [visited]).fetchall()
        )
    return {
        CONSTANT: Route(bare, ["/constant"]),
        ROW: Route(bare, [f"/book/{isbn}" for isbn in visited]),
        BOOK: Route(shop, [f"/api/v1/books/{isbn}" for isbn in visited]),
        PAGE: Route(shop, [f"/books/{isbn}/{slugs[isbn]}" for isbn in visited]),
        LIST: Route(shop, ["/api/v1/books?limit=20"]),
        "home page": Route(shop, ["/"]),
        "browse page": Route(shop, ["/books"]),
    }


def _goals(shop: dict[str, Series], search: dict[str, Series]) -> list[Goal]:
    p95 = median(search[LARGE].p95) * 1000
    return [
        Goal("CPU of the book page, of a row's", shop[PAGE].ratio(shop[ROW]), 2),
        Goal("CPU of the book JSON, of a row's", shop[BOOK].ratio(shop[ROW]), 2),
        Goal("CPU of the list of 20, of a row's", shop[LIST].ratio(shop[ROW]), 3),
        Goal("CPU of a search, of one in the smaller catalogue", search[LARGE].ratio(search[SMALL]), 1.5),
        Goal("time of a search, of one in the smaller catalogue", search[LARGE].ratio(search[SMALL], "mean"), 1.5),
        Goal("p95 of a search in the larger catalogue", p95, 20, "ms"),
    ]


def _process_goals(starts: Sequence[tuple[float, float]], megabytes: float) -> list[Goal]:
    waits, used = zip(*starts, strict=True)
    return [
        Goal("time from `bookstore serve` to ready", min(waits), 1.5, "s"),
        Goal("CPU from `bookstore serve` to the first page, all processes", min(used), 1, "s"),
        Goal("memory of a worker that has served it all (PSS)", megabytes, 90, "MB"),
    ]


def _import_goals(few: Import, many: Import) -> list[Goal]:
    return [
        Goal(f"time to import {many.rows:,} books", many.seconds, 60, "s"),
        Goal(f"memory of that import, of one of {few.rows:,}", many.peak_megabytes / few.peak_megabytes, 1.1),
    ]


def _method(scale: Scale) -> str:
    return (
        "A request's CPU is that of the one gunicorn worker, of four threads, that answers it: user and system, over "
        f"{scale.requests} requests in each of {scale.rounds} rounds in which all routes take turns, sent one after "
        "the other on one connection by another process. Ratios are medians over the rounds; requests/s are over "
        f"{THROUGHPUT_CONNECTIONS} connections. Searches: {searches.MIX}; all from books that both catalogues hold. "
        f"The books visited are {VISITED_BOOKS}, in turn. The start is the best of {scale.starts}. "
        f"Checkouts: {scale.sales} rounds of {scale.orders} orders and {scale.pgbench_seconds} s of pgbench; commits "
        "wait for the disk. Rushes: as many rounds, each beside a peak of its own, which buyers reach who wait for "
        "each answer; an order counts if it is answered while the rush lasts."
    )


if __name__ == "__main__":
    main()
