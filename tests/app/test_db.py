"""What a request reads through: no transaction, one connection however deep, never one that the server has ended."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import psycopg
import pytest
from flask import Flask
from sqlalchemy import text

from bookstore.db import reading
from dev.postgres import Server
from tests.databases import Databases
from tests.servers import serve

READS = 8


class TestReading:
    def test_nested_uses_share_a_connection(self, app: Flask) -> None:
        with app.app_context(), reading() as outer:
            with reading() as inner:
                assert inner is outer
            assert outer.scalar(text("SELECT 1")) == 1

    def test_each_statement_stands_alone(self, app: Flask) -> None:
        began = text("SELECT now()")
        with app.app_context(), reading() as session:
            assert session.scalar(began) < session.scalar(began)

    def test_connection_goes_back_even_after_an_error(self, app: Flask) -> None:
        for _ in range(app.config["SETTINGS"].web_threads + 1):
            with app.app_context(), pytest.raises(ZeroDivisionError), reading():
                raise ZeroDivisionError


class TestEndedConnections:
    def test_no_read_fails_after_a_restart(self, postgres: Server, tmp_path: Path) -> None:
        databases = Databases.of(postgres)
        databases.migrate("bookstore")
        with reading_shop(databases, sockets := tmp_path / "sockets", postgres) as client:
            assert client.get("/api/v1/books").status_code == 200
            postgres.stop()
            postgres.start()
            point(sockets, postgres)
            assert [client.get("/api/v1/books").status_code for _ in range(READS)] == [200] * READS

    def test_no_read_fails_after_a_crash(self, postgres: Server, tmp_path: Path) -> None:
        databases = Databases.of(postgres)
        databases.migrate("bookstore")
        with reading_shop(databases, tmp_path / "sockets", postgres) as client:
            assert client.get("/api/v1/books").status_code == 200
            crash(databases)
            assert [client.get("/api/v1/books").status_code for _ in range(READS)] == [200] * READS


@contextmanager
def reading_shop(databases: Databases, sockets: Path, postgres: Server) -> Iterator[httpx.Client]:
    """A client of a shop whose database URL outlives a restart, which moves the server's socket."""
    point(sockets, postgres)
    moving = quote(str(socket_folder(postgres)))
    url = databases.url("bookstore").replace(moving, quote(str(sockets)))
    environment = databases.environment("bookstore", DATABASE_URL=url, WEB_WORKERS="1")
    with serve(environment) as server, httpx.Client(base_url=server.url) as client:
        yield client


def socket_folder(postgres: Server) -> Path:
    return Path(parse_qs(urlsplit(postgres.url()).query)["host"][0])


def point(link: Path, postgres: Server) -> None:
    """Let the link lead to the folder of the server's socket."""
    link.unlink(missing_ok=True)
    link.symlink_to(socket_folder(postgres))


def crash(databases: Databases) -> None:
    """Kill a backend: PostgreSQL ends all the others and starts anew; return once it takes connections."""
    with psycopg.connect(databases.url("postgres", "postgres")) as victim:
        os.kill(victim.info.backend_pid, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(databases.url("bookstore")).close()
        except psycopg.OperationalError:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        else:
            return
