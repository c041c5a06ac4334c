"""One real PostgreSQL for a test run, and databases copied from a migrated template."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psycopg

from dev.postgres import APP, OWNER, Server

VARIABLE = "BOOKSTORE_TEST_DATABASES"
TEMPLATE = "migrated"
SUPERUSER = "postgres"
SECRET_KEY = "not-a-secret-but-long-enough-for-tests"
# With a provider a shop takes orders, here as many as a test sends; nothing listens on this port, so none is ever paid.
SELLING = {
    "ORDERS_PER_HOUR": "0",
    "PAYMENT_PROVIDER": "sandbox",
    "PAYMENT_URL": "http://127.0.0.1:9",
    "PAYMENT_API_KEY": "a key that opens nothing",
    "PAYMENT_WEBHOOK_SECRET": "whsec_bm90LWEtc2VjcmV0LWJ1dC1sb25nLWVub3VnaA==",
}
# Nothing here outlives the run, so nothing needs to reach a disk.
OPTIONS = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "max_connections": "200"}


@dataclass(frozen=True)
class Databases:
    """How to reach the run's server: a URL by role, with the database's name left open."""

    urls: Mapping[str, str]

    @classmethod
    def of(cls, server: Server) -> Self:
        """The databases of a running server."""
        return cls({role: server.url("DATABASE", role) for role in (SUPERUSER, OWNER, APP)})

    @classmethod
    def inherited(cls) -> Self:
        """Those that the process which started this one has put into the environment."""
        return cls(json.loads(os.environ[VARIABLE]))

    def publish(self) -> None:
        """Let the processes that this one starts inherit them."""
        os.environ[VARIABLE] = json.dumps(self.urls)

    def url(self, name: str, role: str = APP) -> str:
        """A database's URL."""
        return self.urls[role].replace("DATABASE", name)

    def superuser(self) -> psycopg.Connection:
        """A connection that may do anything."""
        return psycopg.connect(self.url("postgres", SUPERUSER), autocommit=True)

    def create(self, name: str, *, template: str = TEMPLATE) -> None:
        """A new database as a copy of the template."""
        with self.superuser() as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" OWNER {OWNER}'.encode())
            connection.execute(f'GRANT CONNECT, TEMPORARY ON DATABASE "{name}" TO {APP}'.encode())

    def drop(self, name: str) -> None:
        """Remove a database, whoever is connected."""
        with self.superuser() as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())

    @contextmanager
    def temporary(self, name: str, *, template: str = TEMPLATE) -> Iterator[str]:
        """The name of a database that is gone afterwards."""
        self.create(name, template=template)
        try:
            yield name
        finally:
            self.drop(name)

    def environment(self, name: str, role: str = APP, **settings: str) -> dict[str, str]:
        """The environment of a process on that database."""
        return {
            "PATH": os.environ["PATH"],
            "SECRET_KEY": SECRET_KEY,
            "DATABASE_URL": self.url(name, role),
            "LOG_FORMAT": "json",
            **SELLING,
            "WEB_WORKERS": "1",
            **{key: value for key, value in os.environ.items() if key.startswith("COV")},
            **settings,
        }

    def migrate(self, name: str) -> None:
        """Bring a database's schema up to date, as a release does."""
        bookstore("db", "upgrade", env=self.environment(name, OWNER, DATABASE_APP_ROLE=APP))


def bookstore(*arguments: str, env: Mapping[str, str], check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run an admin command as a process of its own."""
    command = [sys.executable, "-m", "bookstore", *arguments]
    done = subprocess.run(command, env=env, text=True, capture_output=True, check=False, timeout=120)
    if check and done.returncode:
        raise AssertionError(f"{' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
    return done


def start(folder: Path) -> Server:
    """Start the run's server with its template, and publish it."""
    server = Server(folder, OPTIONS).start()
    server.create_database(TEMPLATE)
    databases = Databases.of(server)
    databases.publish()
    databases.migrate(TEMPLATE)
    return server
