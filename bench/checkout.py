"""Checkouts of 20 hot books through HTTP, as a share of what others do with the statements of a real one.

The transaction of one order is taken from PostgreSQL's log, from BEGIN to COMMIT, so that the others have the same rows
to lock and the same triggers to wait for, on the same server, with as many clients as the shop has threads. They are
pgbench, which is all that PostgreSQL can do, and a bare Flask route, which is all that Python's driver and server can.
"""

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import median

from bench import pgbench
from bench.client import Load, send
from bench.market import CLIENTS, FIRST_BOOK, HOT_BOOKS, SHAPE, THREADS, WORKERS, Market, per_second
from bench.processes import BASELINES, Web, serving
from bench.report import Goal

PAUSE_SECONDS = 0.05
# Carts of each pgbench client for a second; more than it can order.
CARTS_A_SECOND = 600
ENTRY = re.compile(r"^\d{4}-\d\d-\d\d [\d:.]+ UTC \[\d+\] ", re.MULTILINE)
EXECUTED = re.compile(r"^LOG:  (?:statement|execute \S+): (.*)", re.DOTALL)
PARAMETER = re.compile(r"\$(\d+) = (NULL|'(?:[^']|'')*')")
PLACEHOLDER = re.compile(r"\$(\d+)")
NEW_NUMBER = re.compile(r"'bookstore.stock_reference', \$\d+ = '([^']+)'")
VARIABLE = re.compile(r":(cart|first|second)::text")
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
    """Orders a second of each round, by the shop and the others, and the workers' CPU for one, in milliseconds."""

    statements: int
    shop: list[float] = field(default_factory=list)
    postgresql: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def share(self, others: Sequence[float]) -> float:
        """The shop's share of another's, as the median over rounds."""
        return median(one / other for one, other in zip(self.shop, others, strict=True))

    def __str__(self) -> str:
        """All of them, and what an order costs."""
        return (
            f"{median(self.shop):.0f} orders/s of two of {HOT_BOOKS} hot books over {CLIENTS} connections to {WORKERS} "
            f"workers of {THREADS} threads, {median(self.cpu):.1f} ms of their CPU each. The same {self.statements} "
            f"statements, sent by a bare Flask route on the same server: {median(self.bare):.0f}/s; by pgbench with "
            f"{CLIENTS} clients: {median(self.postgresql):.0f}/s"
        )


def goals(result: Checkouts | None) -> list[Goal]:
    """At least half of what PostgreSQL itself can do, and of what Python can with it."""
    if result is None:
        return []
    return [
        Goal("checkouts/s, of pgbench's with the same SQL", result.share(result.postgresql), 0.5, at_least=True),
        Goal("checkouts/s, of a bare Flask route's with the same SQL", result.share(result.bare), 0.5, at_least=True),
    ]


@contextmanager
def bare(market: Market, statements: Sequence[str], file: Path) -> Iterator[Web]:
    """A server of the bare route, which finds the statements in the file."""
    placeholders = (VARIABLE.sub(r"%(\1)s::text", each.replace("%", "%%").removesuffix(";")) for each in statements)
    file.write_text("\n".join(placeholders))
    settings = {**SHAPE, "ORDER_STATEMENTS": str(file)}
    with serving(market.databases, market.name, BASELINES, "/constant", settings) as web:
        yield web


def measure(
    webs: tuple[Web, Web], market: Market, statements: Sequence[str], *, rounds: int, seconds: int, orders: int
) -> Checkouts | None:
    """Rounds of pgbench with an order's statements, and of orders to the shop and to the bare route, in this order.

    None without pgbench.
    """
    shop, plain = webs
    carts = seconds * CARTS_A_SECOND
    script = VARIABLES.format(carts=carts, book=FIRST_BOOK) + "\n".join(statements)
    result = Checkouts(len(statements))
    for _ in range(rounds):
        first = market.carts(CLIENTS * carts)[0] - 1
        done = pgbench.run(market.databases.url(market.name), script, seconds, clients=CLIENTS, first=first)
        if done is None:
            return None
        result.postgresql.append(done.per_second)
        before = shop.cpu_seconds()
        result.shop.append(per_second(shop, market.orders(orders)))
        result.cpu.append((shop.cpu_seconds() - before) / orders * 1000)
        result.bare.append(per_second(plain, market.bare_orders(orders)))
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
