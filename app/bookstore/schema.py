"""The database schema that this code needs: its migrations, and whether a database has them."""

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

if TYPE_CHECKING:
    from alembic.config import Config

# Every column, constraint, index and trigger, whatever the order in which they came. The application's role may read
# all of it.
EVERYTHING = """
SELECT string_agg(line, chr(10) ORDER BY line COLLATE "C") FROM (
  SELECT format('%s.%s %s %s %s %s', relname, attname, format_type(atttypid, atttypmod), attnotnull,
                attidentity::text || attgenerated::text, pg_get_expr(adbin, adrelid)) AS line
  FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
  LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
  WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm') AND attnum > 0 AND NOT attisdropped
  UNION ALL
  SELECT format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
  FROM pg_constraint WHERE connamespace = 'public'::regnamespace
  UNION ALL
  SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
  UNION ALL
  SELECT pg_get_triggerdef(pg_trigger.oid) FROM pg_trigger JOIN pg_class ON tgrelid = pg_class.oid
  WHERE relnamespace = 'public'::regnamespace AND NOT tgisinternal
  UNION ALL
  SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prokind IN ('f', 'p')
) AS lines
"""
FINGERPRINT_LENGTH = 12

MIGRATIONS = Path(__file__).parent / "migrations"


def alembic_config() -> "Config":
    """Alembic's configuration, without an ini file."""
    # Only migrating needs alembic: its import would double the time until a web process can answer.
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config


@cache
def known_revisions() -> tuple[str, ...]:
    """Every revision in this code, the newest first: each is the number that its file's name begins with."""
    files = (MIGRATIONS / "versions").glob("[0-9]*.py")
    return tuple(sorted((file.stem.partition("_")[0] for file in files), reverse=True))


def reason_against(connection: Connection) -> str | None:
    """Why this code cannot use that database, or None when it can.

    A newer schema will do: migrations only ever expand what the previous version uses, so that version can go on (and
    be rolled back to).
    """
    current, newest = current_revision(connection), known_revisions()[0]
    if current is None:
        return "the database has no schema yet: run `bookstore db upgrade`"
    if current == newest or is_newer(current):
        return None
    return f"the database schema is at {current}, older than {newest}: run `bookstore db upgrade`"


def current_revision(connection: Connection) -> str | None:
    """The revision of the database's schema, None where it has none."""
    try:
        found = connection.scalar(text("SELECT version_num FROM alembic_version"))
    except ProgrammingError:
        connection.rollback()
        return None
    return None if found is None else str(found)


def fingerprint(connection: Connection) -> str:
    """The schema's revision and a hash of all that is in it, alike wherever it is alike: `0042-1a2b3c4d5e6f`."""
    everything = str(connection.scalar(text(EVERYTHING)))
    return f"{current_revision(connection)}-{sha256(everything.encode()).hexdigest()[:FINGERPRINT_LENGTH]}"


def postgresql_major(connection: Connection) -> int:
    """The server's major version."""
    return int(connection.scalar(text("SHOW server_version_num")) or 0) // 10_000


def is_newer(revision: str | None) -> bool:
    """Whether a schema was made by a later version: this code does not know its revision."""
    return revision is not None and revision not in known_revisions()
