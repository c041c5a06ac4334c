"""The embedded PostgreSQL: what a caller gets."""

import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege, InvalidCatalogName, OperationalError
from sqlalchemy import create_engine, text

from dev.postgres import APP, OWNER, SUPERUSER, PostgresError, Server
from tests.databases import OPTIONS


@pytest.fixture
def server(folder: Path) -> Iterator[Server]:
    with Server(folder, OPTIONS) as server:
        yield server


def scalar(url: str, query: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row
    return row[0]


def run(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


@pytest.mark.parametrize("role", [APP, OWNER, SUPERUSER])
def test_url_is_understood_by_libpq_and_sqlalchemy(server: Server, role: str) -> None:
    assert scalar(server.url(role=role), "SELECT current_user") == role
    engine = create_engine(server.url(role=role))
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT current_database()")) == "bookstore"
    engine.dispose()


@pytest.mark.parametrize(
    "statement",
    ["CREATE TABLE t ()", "CREATE TEMPORARY TABLE t ()", "CREATE SCHEMA s", "CREATE ROLE r", "CREATE DATABASE d"],
)
def test_app_role_cannot_define_anything(server: Server, statement: str) -> None:
    with pytest.raises(InsufficientPrivilege):
        run(server.url(), statement)


def test_app_role_needs_a_grant_of_the_owner_to_read(server: Server) -> None:
    run(server.url(role=OWNER), "CREATE TABLE t AS SELECT 1 AS i")
    with pytest.raises(InsufficientPrivilege):
        scalar(server.url(), "SELECT i FROM t")
    run(server.url(role=OWNER), f"GRANT SELECT ON t TO {APP}")
    assert scalar(server.url(), "SELECT i FROM t") == 1


@pytest.mark.parametrize("database", ["postgres", "template1"])
def test_app_role_cannot_enter_other_databases(server: Server, database: str) -> None:
    with pytest.raises(OperationalError, match="permission denied"):
        scalar(server.url(database), "SELECT 1")


def test_a_login_needs_the_password(server: Server) -> None:
    password = psycopg.conninfo.conninfo_to_dict(server.url())["password"]
    with pytest.raises(OperationalError, match="password authentication failed"):
        psycopg.connect(server.url().replace(str(password), "guess"))


def test_secrets_and_the_socket_are_private(server: Server) -> None:
    sockets = Path(str(psycopg.conninfo.conninfo_to_dict(server.url())["host"]))
    assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    assert stat.S_IMODE((server.folder / "passwords.json").stat().st_mode) == 0o600


def test_nothing_listens_on_tcp(server: Server) -> None:
    assert scalar(server.url(role=SUPERUSER), "SHOW listen_addresses") == ""


def test_options_are_settings(server: Server) -> None:
    assert scalar(server.url(), "SHOW fsync") == "off"


def test_databases_are_separate_and_a_template_is_copied(server: Server) -> None:
    run(server.url(role=OWNER), "CREATE TABLE t AS SELECT 1 AS i")
    server.create_database("copy-1", template="bookstore")
    server.create_database("empty")
    assert scalar(server.url("copy-1", OWNER), "SELECT i FROM t") == 1
    assert scalar(server.url("empty", OWNER), "SELECT to_regclass('t')") is None
    with pytest.raises(InsufficientPrivilege):
        run(server.url("copy-1"), "CREATE TEMPORARY TABLE t2 ()")


def test_a_dropped_database_is_gone_whoever_is_connected(server: Server) -> None:
    server.create_database("brief")
    with psycopg.connect(server.url("brief")):
        server.drop_database("brief")
    with pytest.raises(OperationalError, match="does not exist"):
        psycopg.connect(server.url("brief"))
    server.drop_database("brief")
    with pytest.raises(InvalidCatalogName):
        run(server.url(role=SUPERUSER), "DROP DATABASE brief")


def test_data_and_passwords_outlive_a_restart(folder: Path) -> None:
    with Server(folder, OPTIONS) as server:
        before = psycopg.conninfo.conninfo_to_dict(server.url())
        run(server.url(role=OWNER), "CREATE TABLE t AS SELECT 1 AS i")
    with Server(folder, OPTIONS) as server:
        assert scalar(server.url(role=OWNER), "SELECT i FROM t") == 1
        assert psycopg.conninfo.conninfo_to_dict(server.url())["password"] == before["password"]


def test_stopping_leaves_nothing_running_and_may_be_repeated(folder: Path) -> None:
    server = Server(folder, OPTIONS).start()
    sockets = Path(str(psycopg.conninfo.conninfo_to_dict(server.url())["host"]))
    assert server.is_running()
    with psycopg.connect(server.url()):
        server.stop()
    server.stop()
    assert not server.is_running()
    assert not sockets.exists()
    assert not (folder / "data" / "postmaster.pid").exists()


def test_long_folders_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = tmp_path / ("x" * 120) / ("y y" * 40)
    long.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    with Server(long / "postgres", OPTIONS) as server:
        assert scalar(server.url(), "SELECT 1") == 1


def test_a_start_that_fails_says_why_and_leaves_the_folder_usable(folder: Path) -> None:
    with pytest.raises(PostgresError, match=r"did not start.*shared_bufferz"):
        Server(folder, {"shared_bufferz": "1"}).start()
    with Server(folder, OPTIONS) as server:
        assert scalar(server.url(), "SELECT 1") == 1


def test_text_is_folded_and_sorted_the_same_everywhere(server: Server) -> None:
    assert scalar(server.url(), "SELECT lower('ÉŒЖ')") == "éœж"
    assert scalar(server.url(), "SELECT string_agg(t, '' ORDER BY t) FROM unnest('{é,z,B,a}'::text[]) AS t") == "Bazé"
