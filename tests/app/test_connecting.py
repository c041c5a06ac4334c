"""Passwords that change beneath a running shop, and names that cannot be looked up."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from sqlalchemy import text

from bookstore.admin.database import connected
from bookstore.config import Settings
from bookstore.connecting import Addresses
from dev.postgres import APP, SUPERUSER, Server
from tests.databases import SECRET_KEY, Databases
from tests.servers import serve

ADDRESS = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 0))]


def test_a_password_is_changed_in_its_file_and_then_in_the_database(postgres: Server, tmp_path: Path) -> None:
    databases = Databases.of(postgres)
    databases.migrate("bookstore")
    url = urlsplit(postgres.url())
    secret = tmp_path / "DATABASE_PASSWORD"
    secret.write_text(f"{url.password}\n")
    environment = databases.environment(
        "bookstore", DATABASE_HOST=parse_qs(url.query)["host"][0], SECRETS_DIR=str(tmp_path)
    )
    del environment["DATABASE_URL"]

    def reconnects(client: httpx.Client) -> None:
        # The database's own end of every connection, so that each request opens another.
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", (APP,))
        for path in ("/readyz", "/api/v1/books"):
            answer = client.get(path)
            assert answer.status_code == 200, answer.text

    with (
        psycopg.connect(postgres.url("postgres", SUPERUSER), autocommit=True) as admin,
        serve(environment) as server,
        httpx.Client(base_url=server.url, timeout=20) as client,
    ):
        for password in ("the second", "the third"):
            secret.write_text(password)
            reconnects(client)
            admin.execute(SQL("ALTER ROLE {} PASSWORD {}").format(Identifier(APP), password))
            reconnects(client)
        secret.write_text("one that nobody has told the database of")
        reconnects(client)


def test_a_password_may_be_changed_between_the_refusals_of_both(
    postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Databases.of(postgres).migrate("bookstore")
    url, secret = urlsplit(postgres.url()), tmp_path / "DATABASE_PASSWORD"
    secret.write_text(url.password or "")
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path))
    monkeypatch.setenv("DATABASE_HOST", parse_qs(url.query)["host"][0])
    monkeypatch.setenv("SECRET_KEY", SECRET_KEY)
    settings = Settings.load()
    secret.write_text("the second")
    connect, refusals = psycopg.connect, []

    with psycopg.connect(postgres.url("postgres", SUPERUSER), autocommit=True) as admin:

        def change_when_refused(**options: Any) -> psycopg.Connection:
            try:
                return connect(**options)
            except psycopg.OperationalError:
                refusals.append(options["password"])
                admin.execute(SQL("ALTER ROLE {} PASSWORD {}").format(Identifier(APP), "the second"))
                raise

        monkeypatch.setattr(psycopg, "connect", change_when_refused)
        with connected(settings) as connection:
            assert connection.scalar(text("SELECT current_user")) == APP
    assert refusals == ["the second", url.password]


class TestAddresses:
    def test_the_last_ones_hold_while_the_resolver_says_no(self, monkeypatch: pytest.MonkeyPatch) -> None:
        addresses = Addresses()
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: ADDRESS * 2)
        assert addresses.of("database") == ["192.0.2.1"]
        monkeypatch.setattr(socket, "getaddrinfo", unknown)
        assert addresses.of("database") == ["192.0.2.1"]

    def test_the_last_ones_hold_while_the_resolver_says_nothing(
        self, monkeypatch: pytest.MonkeyPatch, silence: threading.Event
    ) -> None:
        addresses = Addresses()
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: ADDRESS)
        assert addresses.of("database") == ["192.0.2.1"]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: silence.wait() and ADDRESS)
        assert addresses.of("database") == addresses.of("database") == ["192.0.2.1"]

    def test_a_name_that_was_never_found_is_an_outage_of_the_database(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(socket, "getaddrinfo", unknown)
        with pytest.raises(psycopg.OperationalError, match="not known"):
            Addresses().of("database")

    def test_a_resolver_that_has_no_answer_is_asked_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        lost = [socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")] * 2

        def answer(*_: object, **__: object) -> list[Any]:
            if lost:
                raise lost.pop()
            return ADDRESS

        monkeypatch.setattr(socket, "getaddrinfo", answer)
        assert Addresses().of("database") == ["192.0.2.1"]


@pytest.fixture
def silence() -> Iterator[threading.Event]:
    """What a look-up waits for: the end of the test."""
    over = threading.Event()
    yield over
    over.set()


def unknown(*_: object, **__: object) -> None:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
