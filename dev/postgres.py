"""A real PostgreSQL for a laptop, for tests and for benchmarks, reachable only through a private Unix socket.

Use it so: `with Server(Path(".data/postgres")) as server: create_engine(server.url())`.
"""

import contextlib
import fcntl
import json
import os
import re
import secrets
import shutil
import signal
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
from dev.files import write_private

__all__ = ["APP", "DATABASE", "OWNER", "SUPERUSER", "PostgresError", "Server"]

OWNER = "bookstore_owner"
APP = "bookstore"
SUPERUSER = "postgres"
DATABASE = "bookstore"
START_SECONDS = 60
PAUSE_SECONDS = 0.01
LONGEST_TEMPORARY_FOLDER = 64  # bytes, of the 103 that macOS allows a socket's path (Linux: 107)


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
        self._log = self.folder / "log"
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
            file, link = self.folder / "passwords.json", self.folder / "sockets"
            if self._data.exists():
                cluster.check(self._data, programs)
                cluster.clear_leftovers(self._data, link)
                self._passwords = _stored_passwords(file)
            else:
                self._passwords = _new_passwords(file)
                cluster.make(self._data, programs, account, _first_statements(self._passwords))
            self._sockets = stack.enter_context(_socket_folder(account, link))
            self._process = stack.enter_context(self._running(programs, account))
            self._held = stack.pop_all()
        return self

    def stop(self) -> None:
        """End all connections and the server; nothing happens if it is not running."""
        self._held.close()

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    def is_running(self) -> bool:
        """Tell whether the server, once started, has not ended."""
        return self._process is not None and self._process.poll() is None

    def url(self, database: str = DATABASE, role: str = APP) -> str:
        """Return a URL for SQLAlchemy and libpq, with the password of `role` (APP, OWNER or SUPERUSER)."""
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
        return psycopg.connect(self.url("postgres", SUPERUSER), autocommit=True)

    @contextlib.contextmanager
    def _running(self, programs: cluster.Programs, account: Account) -> Iterator[subprocess.Popen[bytes]]:
        ours = {"listen_addresses": "", "port": "5432", "unix_socket_directories": str(self._sockets)}
        settings = {**self._options, **ours}
        flags = [flag for name, value in settings.items() for flag in ("-c", f"{name}={value}")]
        command: list[str | Path] = [programs.postgres, "-D", self._data, *flags]
        deadline = time.monotonic() + START_SECONDS
        while True:
            with self._log.open("wb") as log:
                process = account.spawn(command, log)
            try:
                if self._becomes_ready(process, deadline):
                    yield process
                    return
            finally:
                _end(process)
            reason = _reason(self._log)
            # The children of a server that was killed need a moment to notice and leave.
            if "is still in use" not in reason or time.monotonic() > deadline:
                raise PostgresError(
                    f"PostgreSQL did not start ({reason}); {self._log} has more. "
                    f"If its data are broken, delete {self.folder} to start afresh."
                )
            time.sleep(PAUSE_SECONDS)

    def _becomes_ready(self, process: subprocess.Popen[bytes], deadline: float) -> bool:
        while process.poll() is None and time.monotonic() < deadline:
            if cluster.is_ready(self._data, process.pid):
                return True
            time.sleep(PAUSE_SECONDS)
        return False


def _reason(log: Path) -> str:
    """Return why a server ended, out of its log."""
    lines = log.read_text(errors="replace").splitlines() or ["it said nothing"]
    fatal = (found[1] for line in lines if (found := re.search(r"(?:FATAL|PANIC):\s*(.*)", line)))
    return next(fatal, lines[-1])


@contextlib.contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """Hold `folder`, made if missing, for this process; the lock goes when the process does, however it ends."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / "lock").open("a")
    except OSError as error:
        raise PostgresError(f"{folder} cannot be written ({error.strerror}): run as its owner, or delete it.") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PostgresError(f"{folder} is in use, perhaps by another `make run`: stop that first.") from None
        yield


def _new_passwords(file: Path) -> dict[str, str]:
    """Make a password for each role and keep them in `file`, readable by its owner only."""
    passwords = {role: secrets.token_hex(24) for role in (SUPERUSER, OWNER, APP)}
    write_private(file, json.dumps(passwords))
    return passwords


def _stored_passwords(file: Path) -> dict[str, str]:
    try:
        passwords: dict[str, str] = json.loads(file.read_text())
    except (FileNotFoundError, ValueError):
        raise PostgresError(f"{file} is missing or broken: delete {file.parent} to start afresh.") from None
    return passwords


def _first_statements(passwords: Mapping[str, str]) -> list[str]:
    return [
        f"ALTER ROLE {SUPERUSER} PASSWORD '{passwords[SUPERUSER]}'",
        *(f"CREATE ROLE {role} LOGIN PASSWORD '{passwords[role]}'" for role in (OWNER, APP)),
        "REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC",
        *_database_statements(DATABASE),
    ]


def _database_statements(name: str, template: str | None = None) -> list[str]:
    """Make a database in which PUBLIC may do nothing: neither connect nor make temporary tables."""
    copy = f' TEMPLATE "{template}"' if template else ""
    return [
        f'CREATE DATABASE "{name}" OWNER {OWNER}{copy}',
        f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC',
        f'GRANT CONNECT ON DATABASE "{name}" TO {APP}',
    ]


@contextlib.contextmanager
def _socket_folder(account: Account, link: Path) -> Iterator[Path]:
    """Make a private folder with a path short enough for a socket, and `link` to it; both are gone at the end."""
    temporary = tempfile.gettempdir()
    if len(os.fsencode(temporary)) > LONGEST_TEMPORARY_FOLDER:
        temporary = "/tmp"  # noqa: S108  # mkdtemp makes an unguessable folder in it
    folder = Path(tempfile.mkdtemp(prefix=cluster.SOCKET_FOLDER_PREFIX, dir=temporary))
    try:
        account.give(folder)
        link.symlink_to(folder)
        yield folder
    finally:
        link.unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Stop the server fast (SIGINT: clients are cut off, data is safe), by force if that takes too long."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGQUIT)
        process.wait()
