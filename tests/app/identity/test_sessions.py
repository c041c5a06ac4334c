"""Removing what has expired."""

from psycopg import Connection

from dev.postgres import OWNER
from tests.databases import Databases, bookstore

STORED = [
    ("customer", "0 hours", "0 hours"),
    ("customer", "721 hours", "0 hours"),
    ("customer", "400 hours", "337 hours"),
    ("staff", "9 hours", "0 hours"),
    ("staff", "11 hours", "0 hours"),
    ("staff", "1 hour", "31 minutes"),
    ("staff_password", "11 minutes", "0 hours"),
]


class TestPurge:
    def test_leaves_what_is_alive(self, databases: Databases) -> None:
        store = "INSERT INTO account_session VALUES (%s, %s, 1, '', now() - %s::interval, now() - %s::interval)"
        with (
            databases.temporary("sessions_purge") as name,
            Connection.connect(databases.url(name, OWNER), autocommit=True) as owner,
        ):
            for number, row in enumerate(STORED):
                owner.execute(store, (bytes([number]), *row))
            done = bookstore("sessions", "purge", env=databases.environment(name))
            assert done.stdout == "Removed 5 sessions and 0 counts.\n"
            left = owner.execute("SELECT sha256 FROM account_session ORDER BY 1").fetchall()
            assert left == [(b"\x00",), (b"\x03",)]
