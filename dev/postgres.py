"""A real PostgreSQL for a laptop, for tests and for benchmarks, reachable only through a private Unix socket.

    with Server(Path(".data/postgres")) as server:
        engine = create_engine(server.url())
"""

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Self
from urllib.parse import quote

import psycopg

from dev import cluster
from dev.account import Account, account_for
from dev.cluster import STOP_SECONDS, PostgresError

__all__ = ["APP", "DATABASE", "OWNER", "PostgresError", "Server"]

OWNER = "bookstore_owner"
APP = "bookstore"
DATABASE = "bookstore"
START_SECONDS = 60
LONGEST_SOCKET_FOLDER = 80  # of the 103 bytes that macOS allows a socket's path (Linux: 107)


class Server:
    """One PostgreSQL on the data in `folder`, running from `start` to `stop`, or in a `with` block.

    Roles: `bookstore_owner` owns the databases and migrates; `bookstore` may connect and nothing else until it is
    granted more. Start it from a thread that outlives it: on Linux it ends with that thread.
    """

    def __init__(self, folder: Path, options: Mapping[str, str] = MappingProxyType({})) -> None:
        """`folder` is made on the first start; `options` are PostgreSQL settings such as {"fsync": "off"}."""
        self.folder = folder.resolve()
        self._options = options
        self._data = self.folder / "data"
        self._passwords: Mapping[str, str] = {}
        self._sockets = Path()
        self._process: subprocess.Popen[bytes] | None = None
        self._held = contextlib.ExitStack()

    def start(self) -> Self:
        """Return once connections are taken; PostgresError, with nothing left running, if that cannot be had."""
        programs = cluster.find_programs()
        with contextlib.ExitStack() as stack:
            stack.enter_context(_lock(self.folder))
            account = account_for(self.folder, programs.postgres)
            if account is None:
                raise PostgresError(
                    f"PostgreSQL must not run as root, and neither a user namespace nor the user nobody can reach "
                    f"{self.folder} and {programs.folder}: move the checkout to a folder that everyone may enter, run "
                    "as another user, or set DATABASE_URL."
                )
            account.give(self.folder)
            self._passwords = _passwords(self.folder / "passwords.json")
            if self._data.exists():
                cluster.check(self._data, programs)
                cluster.clear_leftovers(self._data)
            else:
                cluster.make(self._data, programs, account, _first_statements(self._passwords))
            self._sockets = stack.enter_context(_socket_folder(account))
            self._process = stack.enter_context(self._running(programs, account))
            self._held = stack.pop_all()
        return self

    def stop(self) -> None:
        """End all connections and the server; nothing happens if it is not running."""
        self._held.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def is_running(self) -> bool:
        """Whether the server, once started, has not ended."""
        return self._process is not None and self._process.poll() is None

    def url(self, database: str = DATABASE, role: str = APP) -> str:
        """A URL for SQLAlchemy and libpq, with the role's password; `role` may also be the superuser `postgres`."""
        return f"postgresql://{role}:{self._passwords[role]}@/{quote(database)}?host={quote(str(self._sockets))}"

    def create_database(self, name: str, template: str | None = None) -> None:
        """Make a database owned by `bookstore_owner`, a copy of `template` (that nobody is connected to) if given."""
        with self._superuser() as connection:
            for statement in _database_statements(name, template):
                connection.execute(statement.encode())

    def drop_database(self, name: str) -> None:
        """Remove a database, ending its connections; nothing happens if there is none."""
        with self._superuser() as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())

    def _superuser(self) -> psycopg.Connection:
        return psycopg.connect(self.url("postgres", "postgres"), autocommit=True)

    @contextlib.contextmanager
    def _running(self, programs: cluster.Programs, account: Account) -> Iterator[subprocess.Popen[bytes]]:
        settings = self._options | {"listen_addresses": "", "port": "5432", "unix_socket_directories": self._sockets}
        flags = [flag for name, value in settings.items() for flag in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("wb") as log:
            process = account.spawn([programs.postgres, "-D", self._data, *flags], log)
        try:
            self._wait_until_ready(process)
            yield process
        finally:
            _end(process)

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not cluster.is_ready(self._data, process.pid):
            if process.poll() is not None or time.monotonic() > deadline:
                log = self.folder / "log"
                reason = (log.read_text(errors="replace").strip().splitlines() or ["it said nothing"])[-1]
                raise PostgresError(
                    f"PostgreSQL did not start ({reason}); {log} has more. Delete {self.folder} to start afresh."
                )
            time.sleep(0.01)


@contextlib.contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """Hold `folder`, made if missing, for this process; the lock goes when the process does, however it ends."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / "lock").open("a")
    except PermissionError:
        raise PostgresError(f"{folder} is another user's: run as that user, or have them delete it.") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PostgresError(f"{folder} is in use, perhaps by another `make run`: stop that first.") from None
        yield


def _passwords(file: Path) -> dict[str, str]:
    """The passwords by role, made on the first call and kept in `file`, readable by its owner only."""
    if not file.exists():
        passwords = {role: secrets.token_hex(24) for role in ("postgres", OWNER, APP)}
        unfinished = file.with_suffix(".new")
        unfinished.unlink(missing_ok=True)
        unfinished.touch(mode=0o600)
        unfinished.write_text(json.dumps(passwords))
        unfinished.rename(file)
    stored: dict[str, str] = json.loads(file.read_text())
    return stored


def _first_statements(passwords: Mapping[str, str]) -> list[str]:
    return [
        f"ALTER ROLE postgres PASSWORD '{passwords['postgres']}'",
        *(f"CREATE ROLE {role} LOGIN PASSWORD '{passwords[role]}'" for role in (OWNER, APP)),
        "REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC",
        *_database_statements(DATABASE),
    ]


def _database_statements(name: str, template: str | None = None) -> list[str]:
    """How to make a database in which PUBLIC may do nothing: neither connect nor make temporary tables."""
    copy = f' TEMPLATE "{template}"' if template else ""
    return [
        f'CREATE DATABASE "{name}" OWNER {OWNER}{copy}',
        f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC',
        f'GRANT CONNECT ON DATABASE "{name}" TO {APP}',
    ]


@contextlib.contextmanager
def _socket_folder(account: Account) -> Iterator[Path]:
    """A new private folder with a path short enough for a socket, removed at the end."""
    temporary = tempfile.gettempdir()
    short = temporary if len(os.fsencode(temporary)) < LONGEST_SOCKET_FOLDER - len("/bookstore-xxxxxxxx") else "/tmp"
    folder = Path(tempfile.mkdtemp(prefix=cluster.SOCKET_FOLDER_PREFIX, dir=short))
    try:
        account.give(folder)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Stop the server fast (SIGINT: clients are cut off, data is safe), by force if that takes too long."""
    process.send_signal(subprocess.signal.SIGINT)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.send_signal(subprocess.signal.SIGQUIT)
        process.wait()
