"""More requests than a worker can take: the excess is refused at once, health is not, and the shop recovers."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice

import httpx
import psycopg
import pytest

from dev.postgres import OWNER
from tests.databases import Databases
from tests.servers import Gunicorn, children, get, serve

THREADS, QUEUE, EXCESS = 2, 3, 7
API, PAGE = "/api/v1/books", "/books"


@dataclass
class Crowd:
    """A shop in which everyone waits for the database, and a look at those who wait."""

    server: Gunicorn
    databases: Databases
    name: str

    @contextmanager
    def blocked(self) -> Iterator[None]:
        """No book can be read."""
        with psycopg.connect(self.databases.url(self.name, OWNER)) as locking:
            locking.execute("LOCK TABLE book IN ACCESS EXCLUSIVE MODE")
            yield

    @contextmanager
    def full(self, path: str) -> Iterator[list[httpx.Response]]:
        """The threads and the queue hold all that they can; gives the answers to what was too much.

        At the end the database answers again, and so must whatever was held.
        """
        with ThreadPoolExecutor(THREADS + QUEUE + EXCESS) as pool, self.blocked():
            asked = [pool.submit(self.get, path) for _ in range(THREADS + QUEUE + EXCESS)]
            refused = list(islice(as_completed(asked, timeout=30), EXCESS))
            while self.statements_waiting() < THREADS:
                pass
            yield [future.result() for future in refused]
        held = [future.result().status_code for future in asked if future not in refused]
        assert held == [200] * (THREADS + QUEUE)

    def statements_waiting(self) -> int:
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'"
        with self.databases.superuser() as connection:
            row = connection.execute(waiting, (self.name,)).fetchone()
            return int(row[0]) if row else 0

    def get(self, path: str) -> httpx.Response:
        return get(self.server.url + path, timeout=60)

    def shed(self) -> float:
        return sum(self.server.values("bookstore_http_requests_shed_total"))


@pytest.fixture(scope="module")
def crowd(databases: Databases, worker_id: str) -> Iterator[Crowd]:
    with databases.temporary(f"crowd_{worker_id}") as name:
        environment = databases.environment(
            name,
            WEB_THREADS=str(THREADS),
            WEB_QUEUE=str(QUEUE),
            DATABASE_STATEMENT_TIMEOUT_SECONDS="0",
            DATABASE_POOL_TIMEOUT_SECONDS="0.1",
        )
        with serve(environment) as server:
            yield Crowd(server, databases, name)


@pytest.mark.parametrize(("path", "media_type"), [(API, "application/problem+json"), (PAGE, "text/html")])
def test_the_excess_is_refused_and_the_rest_is_answered(crowd: Crowd, path: str, media_type: str) -> None:
    before = crowd.shed()
    with crowd.full(path) as refused:
        for answer in refused:
            assert answer.status_code == 503
            assert answer.headers["Retry-After"] == "2"
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["Content-Type"].startswith(media_type)
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            assert "Nothing was changed" in answer.text
        assert crowd.shed() - before == EXCESS
        # Those who were refused took no connection of those who wait.
        assert crowd.statements_waiting() == THREADS
    assert crowd.get(path).status_code == 200
    assert any(line["event"] == "requests_shed" and line["count"] for line in crowd.server.lines())


def test_health_is_answered_by_a_full_worker(crowd: Crowd) -> None:
    with crowd.full(API):
        for _ in range(5):
            assert [crowd.get(probe).status_code for probe in ("/livez", "/readyz")] == [200, 200]
            assert httpx.get(crowd.server.metrics_url).status_code == 200


def test_what_a_request_has_waited_is_in_its_time(crowd: Crowd) -> None:
    with crowd.full(API):
        # Whatever was not refused has come by now.
        held_from = time.perf_counter()
        assert crowd.get("/livez").status_code == 200
        least = (time.perf_counter() - held_from) * 1000
    asked = [line for line in crowd.server.lines() if line.get("route") == API]
    assert min(line["duration_ms"] for line in asked[-THREADS - QUEUE :]) >= least


def test_a_refusal_arrives_whole(crowd: Crowd) -> None:
    """On a connection that was used before, and where the client is still sending."""
    with httpx.Client(base_url=crowd.server.url, timeout=60) as kept:
        assert kept.get("/livez").status_code == 200
        with crowd.full(PAGE):
            assert kept.get(API).json()["title"] == "Service unavailable"
            assert kept.head(API).status_code == 503
            assert kept.post("/api/v1/orders", content=b"x" * 900_000).status_code == 503
        assert kept.get(API).status_code == 200


def test_who_says_nothing_takes_no_thread(crowd: Crowd) -> None:
    # Waiting in the threads and the queue, they would have the next request refused.
    silent = [socket.create_connection(("127.0.0.1", crowd.server.port)) for _ in range(THREADS + QUEUE)]
    try:
        assert crowd.get(API).status_code == 200
    finally:
        for connection in silent:
            connection.close()


def test_a_worker_whose_threads_are_all_stuck_is_replaced(databases: Databases, worker_id: str) -> None:
    with databases.temporary(f"stuck_{worker_id}") as name:
        environment = databases.environment(
            name, WEB_THREADS="1", REQUEST_TIMEOUT_SECONDS="1", DATABASE_STATEMENT_TIMEOUT_SECONDS="0"
        )
        with serve(environment) as server, ThreadPoolExecutor(1) as pool:
            crowd = Crowd(server, databases, name)
            before = children(server.process.pid)
            with crowd.blocked():
                stuck = pool.submit(crowd.get, API)
                assert isinstance(stuck.exception(timeout=30), httpx.TransportError)
            assert crowd.get(API).status_code == 200
            assert not set(before) & set(children(server.process.pid))
