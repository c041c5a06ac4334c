"""The embedded PostgreSQL on folders that it cannot use: a sentence that says what to do, and nothing left behind."""

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from dev import cluster
from dev.postgres import PostgresError, Server
from tests.databases import OPTIONS


def without_version(folder: Path) -> None:
    (folder / "data" / "PG_VERSION").unlink()


def of_an_old_version(folder: Path) -> None:
    (folder / "data" / "PG_VERSION").write_text("9\n")


def with_a_short_control_file(folder: Path) -> None:
    (folder / "data" / "global" / "pg_control").write_bytes(b"x")


def with_a_false_control_file(folder: Path) -> None:
    (folder / "data" / "global" / "pg_control").write_bytes(b"x" * 8192)


def without_passwords(folder: Path) -> None:
    (folder / "passwords.json").unlink()


def with_broken_passwords(folder: Path) -> None:
    (folder / "passwords.json").write_text("{")


@pytest.mark.parametrize(
    ("breaking", "reason"),
    [
        (without_version, "is not a PostgreSQL data folder"),
        (of_an_old_version, "was made by PostgreSQL 9.*dump it with the old version"),
        (with_a_short_control_file, "did not start .*pg_control"),
        (with_a_false_control_file, "did not start .*(control file|database files)"),
        (without_passwords, "is missing or broken"),
        (with_broken_passwords, "is missing or broken"),
    ],
)
def test_a_broken_folder_is_explained(folder: Path, breaking: Callable[[Path], None], reason: str) -> None:
    breaking(folder)
    for _ in range(2):
        with pytest.raises(PostgresError, match=f"{reason}.*[Dd]elete {folder} to start afresh"):
            Server(folder, OPTIONS).start()


def test_a_first_start_that_was_interrupted_begins_again(folder: Path) -> None:
    (folder / "data").rename(folder / "data.new")
    with Server(folder, OPTIONS) as server, psycopg.connect(server.url()):
        assert not (folder / "data.new").exists()


def test_a_folder_that_cannot_be_made_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(PostgresError, match=r"cannot be written \(Not a directory\)"):
        Server(tmp_path / "file" / "postgres").start()


def test_no_postgresql_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "postgres"
    old.write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 16.4'\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(cluster, "WHEEL", "no_such_wheel")
    with pytest.raises(PostgresError, match="No PostgreSQL 17 or newer is here"):
        Server(tmp_path / "folder").start()


def test_postgresql_is_found_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    programs = cluster.find_programs()
    monkeypatch.setenv("PATH", str(programs.folder), prepend=":")
    monkeypatch.setattr(cluster, "WHEEL", "no_such_wheel")
    assert cluster.find_programs() == cluster.Programs(programs.folder.resolve(), programs.version)
