"""The embedded PostgreSQL after its processes were killed, and beside another that runs."""

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from dev.postgres import OWNER, PostgresError, Server
from tests.databases import OPTIONS
from tests.dev.conftest import Holder
from tests.dev.waiting import has_ended, wait_until

Hold = Callable[..., Holder]
# What a system that cannot end a child with its parent does.
OUTLIVING = "import dev.account; dev.account.dying_with_parent = lambda signal: ()\n"


def postmaster(folder: Path) -> int:
    return int((folder / "data" / "postmaster.pid").read_text().split()[0])


def write_own_process_id(folder: Path) -> None:
    """Put this process in the place of the server, as when the system has used its number again."""
    pid_file = folder / "data" / "postmaster.pid"
    pid_file.write_text(pid_file.read_text().replace(str(postmaster(folder)), str(os.getpid()), 1))


@pytest.fixture
def killed(folder: Path, hold: Hold) -> Path:
    """The folder of a server that was killed, and its owner before it, after a commit."""
    holder = hold(folder, before=OUTLIVING)
    with psycopg.connect(holder.url) as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS i")
    holder.kill()
    os.kill(postmaster(folder), signal.SIGKILL)
    return folder


def test_a_killed_server_starts_again_with_all_commits(killed: Path) -> None:
    sockets = (killed / "sockets").readlink()
    assert sockets.exists()
    with Server(killed, OPTIONS) as server, psycopg.connect(server.url(role=OWNER)) as connection:
        assert connection.execute("SELECT i FROM t").fetchone() == (1,)
    assert not sockets.exists()


def test_a_process_id_that_another_process_has_now_is_no_hindrance(killed: Path) -> None:
    write_own_process_id(killed)
    with Server(killed, OPTIONS) as server, psycopg.connect(server.url()):
        pass


def test_a_second_server_on_the_folder_is_refused(folder: Path) -> None:
    with Server(folder, OPTIONS) as server:
        with pytest.raises(PostgresError, match=r"is in use, perhaps by another `make run`"):
            Server(folder, OPTIONS).start()
        with psycopg.connect(server.url()):
            pass


def test_a_second_process_on_the_folder_is_refused(folder: Path, hold: Hold) -> None:
    holder = hold(folder)
    with pytest.raises(PostgresError, match="is in use"):
        Server(folder, OPTIONS).start()
    with psycopg.connect(holder.url):
        pass


@pytest.mark.skipif(not shutil.which("setpriv"), reason="only Linux ends a child with its parent")
def test_a_server_ends_when_its_owner_is_killed(folder: Path, hold: Hold) -> None:
    holder = hold(folder)
    pid, sockets = postmaster(folder), (folder / "sockets").readlink()
    holder.kill()
    wait_until(lambda: has_ended(pid))
    with Server(folder, OPTIONS) as server, psycopg.connect(server.url()):
        assert not sockets.exists()


def test_a_server_that_outlived_its_owner_is_replaced(folder: Path, hold: Hold) -> None:
    holder = hold(folder, before=OUTLIVING)
    orphan = postmaster(folder)
    holder.kill()
    assert not has_ended(orphan)
    with Server(folder, OPTIONS) as server, psycopg.connect(server.url()):
        assert postmaster(folder) != orphan
    wait_until(lambda: has_ended(orphan))


def test_only_the_process_that_listens_is_stopped(folder: Path, hold: Hold) -> None:
    holder = hold(folder, before=OUTLIVING)
    orphan = postmaster(folder)
    holder.kill()
    write_own_process_id(folder)
    with Server(folder, OPTIONS) as server, psycopg.connect(server.url()):
        wait_until(lambda: has_ended(orphan))
