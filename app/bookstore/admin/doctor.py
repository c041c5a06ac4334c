"""`bookstore doctor`: what is wrong with this installation, in one look."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import click
from pydantic import ValidationError
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from bookstore import schema
from bookstore.admin import configuration, surroundings
from bookstore.admin.database import connected
from bookstore.admin.surroundings import Finding
from bookstore.config import Settings
from bookstore.stock import queries as stock

LARGEST_CLOCK_DIFFERENCE_SECONDS = 5.0
OLDEST_POSTGRESQL = 17


def _server(connection: Connection) -> str | None:
    number = schema.postgresql_major(connection)
    return None if number >= OLDEST_POSTGRESQL else f"PostgreSQL {number} is older than {OLDEST_POSTGRESQL}"


def _clock(connection: Connection) -> str | None:
    theirs = connection.scalar(text("SELECT clock_timestamp()"))
    apart = abs((datetime.now(UTC) - theirs).total_seconds())
    return None if apart < LARGEST_CLOCK_DIFFERENCE_SECONDS else f"differs from the database's by {apart:.0f} s"


def _role(connection: Connection) -> str | None:
    risky = connection.scalar(
        text(
            "SELECT rolsuper OR has_schema_privilege(current_user, 'public', 'CREATE') "
            "FROM pg_roles WHERE rolname = current_user"
        )
    )
    return "can change the schema: use a role that only reads and writes" if risky else None


def _stock(connection: Connection) -> str | None:
    if connection.scalar(text("SELECT to_regclass('stock_movement')")) is None:
        return None
    wrong = [row.isbn13 for row in stock.differences(connection)]
    return f"differs from its ledger: {', '.join(wrong[:5])}{' …' if len(wrong) > 5 else ''}" if wrong else None


CHECKS: dict[str, Callable[[Connection], str | None]] = {
    "server": _server,
    "schema": schema.reason_against,
    "role": _role,
    "stock": _stock,
    "clock": _clock,
}


@click.command()
@click.option("--cluster", is_flag=True, help="Look around in the pod, too: names, clock, folders, memory.")
@click.pass_context
def doctor(ctx: click.Context, *, cluster: bool) -> None:
    """Check settings, cache, database, schema, role, stock and clock, and say what is wrong."""
    failed = False
    for name, wrong, detail in examine(cluster=cluster):
        failed |= wrong is not None
        said = wrong or detail
        click.echo(f"{'ok  ' if wrong is None else 'FAIL'}  {name}{': ' + said if said else ''}")
    if failed:
        ctx.exit(1)


def examine(*, cluster: bool) -> Iterator[Finding]:
    """What each check found; a failed one ends those that need it."""
    try:
        settings = Settings.load()
    except ValidationError as error:
        yield Finding("settings", configuration.explain(error))
        return
    yield Finding("settings", None)
    if cluster:
        yield from surroundings.examine(settings)
    for name, wrong in servers(settings):
        yield Finding(name, wrong)


def servers(settings: Settings) -> list[tuple[str, str | None]]:
    """Each check's name and what it found of the cache and the database, None where all is well."""
    findings: list[tuple[str, str | None]] = []
    if settings.cache_host:
        from bookstore.cache import checking  # needs the extra

        findings.append(("cache", checking.reason_against(settings)))
    try:
        with connected(settings.for_command()) as connection:
            findings.append(("database", None))
            for name, check in CHECKS.items():
                findings.append((name, check(connection)))
                connection.rollback()
    except SQLAlchemyError as error:
        findings.append(("database", str(getattr(error, "orig", error)).strip()))
    return findings
