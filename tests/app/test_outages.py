"""A database that is away, hangs, or lacks the schema: 503 with Retry-After, and recovery by itself."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import httpx
import psycopg

from dev.postgres import OWNER, Server
from tests.databases import Databases
from tests.servers import children, serve, wait_for

PATHS = ("/", "/books", "/api/v1/books", "/api/v1/books/9780439023481")


class TestAway:
    def test_answers_503_stays_live_and_recovers(self, databases: Databases) -> None:
        with databases.temporary("away") as name, serve(databases.environment(name)) as server:
            with closed(databases, name):
                assert httpx.get(f"{server.url}/livez").status_code == 200
                assert httpx.get(f"{server.url}/readyz").status_code == 503
                for path in PATHS:
                    assert_unavailable(httpx.get(server.url + path))
            wait_for(server, "/readyz", 200)
            assert httpx.get(f"{server.url}/api/v1/books").status_code == 200

    def test_starts_without_one(self, databases: Databases) -> None:
        with (
            databases.temporary("not_yet") as name,
            closed(databases, name),
            serve(databases.environment(name), until="/readyz", status=503) as server,
        ):
            assert httpx.get(f"{server.url}/livez").status_code == 200
            with opened(databases, name):
                wait_for(server, "/readyz", 200)

    def test_reason_is_in_the_log_and_not_in_the_answer(self, databases: Databases) -> None:
        with databases.temporary("reasoned") as name, serve(databases.environment(name)) as server:
            with closed(databases, name):
                body = httpx.get(f"{server.url}/api/v1/books").text
            assert "not currently accepting" not in body
            assert any("not currently accepting" in str(line.get("reason")) for line in server.lines())


class TestHanging:
    def test_every_request_is_answered(self, databases: Databases) -> None:
        """A table lock stands for a database that takes connections and answers nothing."""
        with databases.temporary("hanging") as name:
            environment = databases.environment(
                name, DATABASE_STATEMENT_TIMEOUT_SECONDS="0.3", DATABASE_POOL_TIMEOUT_SECONDS="0.3"
            )
            with serve(environment) as server, psycopg.connect(databases.url(name, OWNER)) as locking:
                locking.execute("LOCK TABLE book IN ACCESS EXCLUSIVE MODE")
                with httpx.Client(timeout=20) as client:
                    for path in PATHS:
                        assert_unavailable(client.get(server.url + path))
                    assert client.get(f"{server.url}/livez").status_code == 200
                    assert client.get(f"{server.url}/readyz").status_code == 200
                locking.rollback()
                assert httpx.get(f"{server.url}/api/v1/books").status_code == 200


class TestPaused:
    def test_readiness_answers_though_the_server_is_stopped(self, postgres: Server) -> None:
        databases = Databases.of(postgres)
        databases.migrate("bookstore")
        with serve(databases.environment("bookstore")) as server:
            with paused(postgres):
                assert httpx.get(f"{server.url}/readyz", timeout=20).status_code == 503
                assert httpx.get(f"{server.url}/livez", timeout=20).status_code == 200
            wait_for(server, "/readyz", 200)

    def test_requests_are_answered_with_503_and_the_same_processes_go_on(self, postgres: Server) -> None:
        databases = Databases.of(postgres)
        databases.migrate("bookstore")
        environment = databases.environment("bookstore", DATABASE_STATEMENT_TIMEOUT_SECONDS="0.3")
        with serve(environment) as server, httpx.Client(base_url=server.url, timeout=20) as client:
            workers = children(server.process.pid)
            # The server's end of this connection stops with it: the next request finds it open.
            assert client.get("/api/v1/books").status_code == 200
            with paused(postgres):
                for path in PATHS:
                    assert_unavailable(client.get(path))
            wait_for(server, "/readyz", 200)
            assert client.get("/api/v1/books").status_code == 200
            assert children(server.process.pid) == workers


class TestSchema:
    def test_not_ready_until_it_is_migrated(self, databases: Databases) -> None:
        with (
            databases.temporary("bare", template="template0") as name,
            serve(databases.environment(name), until="/readyz", status=503) as server,
        ):
            assert "bookstore db upgrade" in httpx.get(f"{server.url}/readyz").text
            databases.migrate(name)
            wait_for(server, "/readyz", 200)


def assert_unavailable(response: httpx.Response) -> None:
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "2"
    assert response.headers["Cache-Control"] == "no-store"


@contextmanager
def closed(databases: Databases, name: str) -> Iterator[None]:
    """The database refuses connections, and ends those that it has."""
    with databases.superuser() as connection:
        connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'.encode())
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        try:
            yield
        finally:
            connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'.encode())


@contextmanager
def opened(databases: Databases, name: str) -> Iterator[None]:
    """The database takes connections."""
    with databases.superuser() as connection:
        connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'.encode())
    yield


@contextmanager
def paused(server: Server) -> Iterator[None]:
    """The server's every process is stopped: connections are taken by the kernel, and nothing answers."""
    postmaster = int((server.folder / "data/postmaster.pid").read_text().splitlines()[0])
    processes = (postmaster, *children(postmaster))
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGCONT)
