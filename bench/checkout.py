"""Checkouts of 20 hot books through HTTP, as a share of what pgbench does with the statements of a real one.

The transaction of one order is taken from PostgreSQL's log, from BEGIN to COMMIT, so that pgbench has the same rows to
lock and the same triggers to wait for, on the same server, with as many clients as the shop has threads.
"""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import median

from bench import pgbench
from bench.client import Load, send
from bench.market import CLIENTS, FIRST_BOOK, HOT_BOOKS, THREADS, WORKERS, Market
from bench.processes import Web, serving
from bench.report import Goal

PAUSE_SECONDS = 0.05
# Carts of each pgbench client for a second; more than it can order.
CARTS_A_SECOND = 600
ENTRY = re.compile(r"^\d{4}-\d\d-\d\d [\d:.]+ UTC \[\d+\] ", re.MULTILINE)
EXECUTED = re.compile(r"^LOG:  (?:statement|execute \S+): (.*)", re.DOTALL)
PARAMETER = re.compile(r"\$(\d+) = (NULL|'(?:[^']|'')*')")
PLACEHOLDER = re.compile(r"\$(\d+)")
NEW_NUMBER = re.compile(r"'bookstore.stock_reference', \$\d+ = '([^']+)'")
# A cart's number is also that of the order that pgbench makes of it, and its key.
NUMBER, CART = ":cart::text", "lpad(:cart::text, 24, '0')"
# The books are those that market.CARTS has put into the cart.
VARIABLES = """
\\set turn :turn + 1
\\set cart :client_id * {carts} + :turn
\\set one :cart * 7 % 19
\\set first {book} + :one
\\set second :first + 1 + :cart * 11 % (19 - :one)
"""


@dataclass
class Checkouts:
    """Orders a second of each round, by the shop and by pgbench, and the workers' CPU for one, in milliseconds."""

    statements: int
    shop: list[float] = field(default_factory=list)
    postgresql: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """The shop's share, as the median over rounds."""
        return median(one / other for one, other in zip(self.shop, self.postgresql, strict=True))

    def __str__(self) -> str:
        """Both, and what an order costs."""
        shop, other = median(self.shop), median(self.postgresql)
        return (
            f"{shop:.0f} orders/s of two of {HOT_BOOKS} hot books over {CLIENTS} connections to {WORKERS} workers of "
            f"{THREADS} threads, {median(self.cpu):.1f} ms of their CPU each; pgbench, {CLIENTS} clients, the same "
            f"{self.statements} statements: {other:.0f}/s"
        )


def goals(result: Checkouts | None) -> list[Goal]:
    """At least half of what PostgreSQL itself can do."""
    return [Goal("checkouts/s, of pgbench's with the same SQL", result.ratio, 0.5, at_least=True)] if result else []


def measure(
    web: Web, market: Market, statements: Sequence[str], *, rounds: int, seconds: int, orders: int
) -> Checkouts | None:
    """Rounds of pgbench with an order's statements, and of orders; None without pgbench."""
    carts = seconds * CARTS_A_SECOND
    script = VARIABLES.format(carts=carts, book=FIRST_BOOK) + "\n".join(statements)
    result = Checkouts(len(statements))
    for _ in range(rounds):
        first = market.carts(CLIENTS * carts)[0] - 1
        bare = pgbench.run(market.databases.url(market.name), script, seconds, clients=CLIENTS, first=first)
        if bare is None:
            return None
        result.postgresql.append(bare.per_second)
        before = web.cpu_seconds()
        result.shop.append(market.orders_per_second(web, orders, CLIENTS))
        result.cpu.append((web.cpu_seconds() - before) / orders * 1000)
    return result


def statements(market: Market, file: Path) -> Sequence[str]:
    """What one order sends, from the server's log, with variables where the next order has other values."""
    databases = market.databases
    with databases.superuser() as connection:
        connection.execute(f'ALTER DATABASE "{market.name}" SET log_statement = "all"'.encode())
    with serving(databases, market.name) as web:
        send(Load(web.port, market.orders(1), 1))
        log = _transaction(file, f"'cart-{market.used}'")
    with databases.superuser() as connection:
        connection.execute(f'ALTER DATABASE "{market.name}" RESET log_statement'.encode())
    number = NEW_NUMBER.search(log)
    if number is None:
        raise RuntimeError("The log has no new order's number.")
    first, second = sorted(set(re.findall(rf"\b{str(FIRST_BOOK)[:-2]}\d\d\b", log)))
    variables = {
        first: ":first::text", second: ":second::text", number[1]: NUMBER, f"cart-{market.used}": NUMBER,
        f"{market.used:024}": CART,
    }  # fmt: skip
    entries = ENTRY.split(log)
    return [
        _scripted(executed[1].strip(), following if following.startswith("DETAIL") else "", variables)
        for entry, following in pairwise([*entries, ""])
        if (executed := EXECUTED.match(entry))
    ]


def _transaction(file: Path, value: str) -> str:
    """The log of the transaction that has this value, when its end is there: a new connection has others before."""
    while True:
        before, _, after = file.read_text(encoding="utf-8").partition(value)
        inside, end, _ = after.partition("LOG:  statement: COMMIT")
        if end:
            return before[before.rindex("LOG:  statement: BEGIN") :] + value + inside + end
        time.sleep(PAUSE_SECONDS)


def _scripted(statement: str, detail: str, variables: dict[str, str]) -> str:
    """A statement for pgbench."""
    values = {found[0]: _literal(found[1], variables) for found in PARAMETER.findall(detail)}
    return PLACEHOLDER.sub(lambda place: values[place[1]], statement).replace("\n", " ") + ";"


def _literal(value: str, variables: dict[str, str]) -> str:
    """A parameter's value in SQL, with a variable wherever one of the known values stands in it."""
    if value == "NULL":
        return value
    parts = re.split(rf"\b({'|'.join(map(re.escape, variables))})\b", value[1:-1].replace("''", "'"))
    return f"({' || '.join(variables.get(part) or _quoted(part) for part in parts if part) or _quoted('')})"


def _quoted(text: str) -> str:
    """Text without a colon, after which pgbench looks for a variable."""
    escaped = text.replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n").replace(":", "\\x3a")
    return f"E'{escaped}'"
