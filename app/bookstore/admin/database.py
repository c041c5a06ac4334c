"""`bookstore db`: wait for the database, bring its schema up to date, check it."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click
from psycopg import sql
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from bookstore import __version__, schema
from bookstore.config import Settings
from bookstore.connecting import Connector, connect_args

LONGEST_PAUSE_SECONDS = 5.0
# What each pod says when it begins, for people and for `bookstore conformance`.
READY = "The database is ready: PostgreSQL {postgresql}, schema {schema}, Bookstore {version}."
# Held by who migrates, until its connection ends. "book": any number that nothing else in this database locks.
ADVISORY_LOCK = 0x626F6F6B
# What the shop's role may do with these, instead of everything: logs are not rewritten; triggers
# fill the ledger and issue invoices.
NARROWER = {
    "alembic_version": "SELECT",
    "audit_log": "SELECT, INSERT",
    "invoice": "SELECT",
    "invoice_counter": "SELECT",
    "sales_order_event": "SELECT, INSERT",
    "stock_movement": "SELECT",
}


@contextmanager
def connected(settings: Settings) -> Iterator[Connection]:
    """One connection of its own, closed at the end."""
    engine = create_engine(settings.database, poolclass=NullPool, connect_args=connect_args(settings))
    Connector(settings).serve(engine)
    with engine.connect() as connection:
        yield connection


@click.group()
def db() -> None:
    """Wait for the database, bring its schema up to date, check it."""


@db.command()
@click.option("--sql", "only_print", is_flag=True, help="Print the statements of every migration instead.")
def upgrade(*, only_print: bool) -> None:
    """Apply the migrations that are missing. Two at once: the second waits, then finds nothing to do.

    A schema of a later version is left as it is, so that a release can be rolled back.

    Connect as the owner of the schema. DATABASE_APP_ROLE names the role that the shop uses, which is then granted
    reading and writing, and nothing that changes the schema.
    """
    from alembic import command  # slow to import, and `wait` does without

    config = schema.alembic_config()
    if only_print:
        command.upgrade(config, "head", sql=True)
        return
    settings = Settings.load().for_command()
    with connected(settings) as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ADVISORY_LOCK})
        current = schema.current_revision(connection)
        connection.commit()
        if schema.is_newer(current):
            # After a rollback. Its rights stay, too: this code does not know which of the later tables are narrower.
            click.echo(f"The schema is at {current}, newer than this code: nothing to do.")
            return
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        if settings.database_app_role:
            grant(connection, settings.database_app_role)
            connection.commit()
    click.echo(f"The schema is at {schema.known_revisions()[0]}.")


def grant(connection: Connection, role: str) -> None:
    """Let a role read and write every table but those in NARROWER."""
    name = sql.Identifier(role)
    statements = sql.SQL(
        "GRANT USAGE ON SCHEMA public TO {role};"
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};"
        # Imports go through a temporary table; a no-op with a notice where the database is another's.
        "GRANT TEMPORARY ON DATABASE {database} TO {role}"
    ).format(role=name, database=sql.Identifier(connection.engine.url.database or ""))
    connection.exec_driver_sql(statements.as_string())
    for table, rights in NARROWER.items():
        narrow = sql.SQL("REVOKE ALL ON {table} FROM {role}; GRANT {rights} ON {table} TO {role}")
        statement = narrow.format(table=sql.Identifier(table), role=name, rights=sql.SQL(rights))
        connection.exec_driver_sql(statement.as_string())


@db.command()
@click.option("--schema", "with_schema", is_flag=True, help="Wait for the schema that this code needs, too.")
@click.option("--timeout-seconds", default=60.0, show_default=True, help="Give up after this long.")
def wait(*, with_schema: bool, timeout_seconds: float) -> None:
    """Wait until the database answers: ever longer pauses with jitter, until a deadline."""
    # Each try with the short wait of a request: what a new pod's lost packet held up, the next try need not wait for.
    settings = Settings.load()
    deadline = time.monotonic() + timeout_seconds
    pause = 0.1
    reason, found = _look(settings, with_schema=with_schema)
    while reason:
        left = deadline - time.monotonic()
        if left <= 0:
            raise click.ClickException(f"Gave up after {timeout_seconds:g} s: {reason}")
        click.echo(f"Waiting: {reason}", err=True)
        # Full jitter, so that pods that start together do not ask together.
        time.sleep(min(random.uniform(pause / 2, pause), left))  # noqa: S311  # not for secrets
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
        reason, found = _look(settings, with_schema=with_schema)
    click.echo(found)


def _look(settings: Settings, *, with_schema: bool) -> tuple[str | None, str]:
    """Why to wait, None where there is no reason any more; then also what there is."""
    try:
        with connected(settings) as connection:
            if not with_schema:
                return None, "The database is ready."
            if reason := schema.reason_against(connection):
                return reason, ""
            major, known = schema.postgresql_major(connection), schema.fingerprint(connection)
            return None, READY.format(postgresql=major, schema=known, version=__version__)
    except OperationalError as error:
        return str(error.orig).strip().splitlines()[0], ""


@db.command()
def check() -> None:
    """Say whether the database has the schema that this code needs; exit code 1 where it has not."""
    with connected(Settings.load().for_command()) as connection:
        if reason := schema.reason_against(connection):
            raise click.ClickException(reason)
    click.echo("The schema is what this code needs.")
