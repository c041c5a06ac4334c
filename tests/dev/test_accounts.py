"""Who runs the embedded PostgreSQL: an ordinary user, root in a user namespace, or nobody on root's behalf."""

import os
import pwd
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from dev.account import NAMESPACE, Account
from dev.cluster import find_programs
from dev.postgres import PostgresError, Server
from tests.databases import OPTIONS
from tests.dev.conftest import Holder, modes

NOBODY = pwd.getpwnam("nobody")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="root's affair")
namespaces = pytest.mark.skipif(
    not Account(prefix=NAMESPACE).can_use(Path("/bin/sh"), Path("/")), reason="no user namespaces here"
)


def owners(folder: Path) -> set[int]:
    return {path.stat().st_uid for path in (folder, *folder.rglob("*"))}


@as_root
@namespaces
def test_root_keeps_everything_under_a_private_folder(tmp_path: Path) -> None:
    private = tmp_path / "private" / "checkout"
    private.mkdir(parents=True)
    private.parent.chmod(0o700)
    before = modes(private)
    with Server(private / "postgres", OPTIONS) as server, psycopg.connect(server.url()):
        pass
    assert owners(private) == {0}
    assert modes(private) == before


@as_root
@namespaces
def test_an_ordinary_user_runs_it_itself(tmp_path: Path, hold: Callable[..., Holder]) -> None:
    # In the namespace the process is no root, so that the code takes the ordinary way.
    holder = hold(tmp_path / "postgres", before="import os; assert os.geteuid() != 0\n", prefix=NAMESPACE)
    with psycopg.connect(holder.url):
        pass


@as_root
@pytest.mark.usefixtures("without_namespaces")
def test_root_becomes_nobody_where_namespaces_are_forbidden(public_folder: Path) -> None:
    if not Account(uid=NOBODY.pw_uid, gid=NOBODY.pw_gid).can_use(find_programs().postgres, public_folder):
        pytest.skip("nobody cannot reach the virtual environment here")
    before = modes(public_folder)
    for _ in range(2):
        with Server(public_folder / "postgres", OPTIONS) as server, psycopg.connect(server.url()):
            assert owners(server.folder / "data") == {NOBODY.pw_uid}
    assert modes(public_folder) == before
    assert (public_folder / "postgres" / "passwords.json").stat().st_uid == 0


@as_root
@namespaces
def test_a_folder_of_another_user_stays_that_users(public_folder: Path, folder: Path) -> None:
    nobody = Account(uid=NOBODY.pw_uid, gid=NOBODY.pw_gid)
    if not nobody.can_use(find_programs().postgres, public_folder):
        pytest.skip("nobody cannot reach the virtual environment here")
    moved = folder.rename(public_folder / "postgres")
    nobody.give(moved)
    with Server(moved, OPTIONS) as server, psycopg.connect(server.url()):
        assert owners(moved / "data") == {NOBODY.pw_uid}


@as_root
@pytest.mark.usefixtures("without_namespaces")
def test_root_is_told_what_to_do_where_neither_works(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with pytest.raises(PostgresError, match=r"move the checkout .* or set DATABASE_URL"):
        Server(tmp_path / "postgres", OPTIONS).start()
