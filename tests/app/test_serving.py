"""The application under gunicorn: ports, logs, shutdown."""

import fcntl
import http.client
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Timer
from typing import Any

import httpx
import psycopg
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from dev.postgres import OWNER
from tests.databases import Databases, bookstore
from tests.servers import START_SECONDS, Gunicorn, children, free_port, serve

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
OTHER_TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
BOOK = {"isbn": "9780141439518", "title": "Emma", "authors": ["Jane Austen"], "price_cents": 1, "currency": "USD"}
BOOTING = re.compile(r"Booting worker with pid: (\d+)")


class TestPorts:
    def test_metrics_have_a_port_of_their_own(self, server: Gunicorn) -> None:
        assert httpx.get(f"{server.url}/metrics").status_code == 404
        exposed = httpx.get(server.metrics_url).text
        assert "bookstore_build_info" in exposed
        assert httpx.get(server.metrics_url.replace("/metrics", "/")).status_code == 404

    def test_a_forged_host_does_not_reach_the_metrics(self, server: Gunicorn) -> None:
        forged = {"Host": f"localhost:{server.metrics_port}"}
        assert httpx.get(f"{server.url}/metrics", headers=forged).status_code == 404

    def test_count_by_route_and_never_by_path(self, server: Gunicorn) -> None:
        for isbn in ("9780141439518", "9780141439587"):
            httpx.get(f"{server.url}/api/v1/books/{isbn}")
        httpx.get(f"{server.url}/no/such/page")
        exposed = httpx.get(server.metrics_url).text
        assert 'route="/api/v1/books/<isbn>",status="404"' in exposed
        assert 'route="unmatched"' in exposed
        assert "97801414395" not in exposed
        assert "/no/such" not in exposed

    def test_a_sampled_trace_is_an_exemplar_of_its_duration(self, server: Gunicorn) -> None:
        for flags, span in (("01", "b7ad6b7169203331"), ("00", "00f067aa0ba902b7")):
            traceparent = f"00-{TRACE_ID if flags == '01' else OTHER_TRACE_ID}-{span}-{flags}"
            httpx.get(f"{server.url}/livez", headers={"traceparent": traceparent})
        exposed = httpx.get(server.metrics_url, headers={"Accept": "application/openmetrics-text; version=1.0.0"})
        exemplars = [
            (sample.labels["route"], sample.exemplar.labels)
            for family in text_string_to_metric_families(exposed.text)  # type: ignore[no-untyped-call]
            for sample in family.samples
            if sample.exemplar
        ]
        assert set(map(str, exemplars)) == {str(("/livez", {"trace_id": TRACE_ID}))}


class TestGarbage:
    def test_is_collected_while_requests_come(self, server: Gunicorn) -> None:
        """It is not while the application is imported, and what was imported is left out."""

        def collections() -> float:
            return sum(server.values("python_gc_collections_total"))

        before = collections()
        with httpx.Client(base_url=server.url) as client:
            for _ in range(50):
                client.get("/api/v1/books").raise_for_status()
        assert collections() > before


class TestLogs:
    def test_an_access_line_for_each_request(self, server: Gunicorn) -> None:
        httpx.get(f"{server.url}/livez?token=hidden-in-query", headers={"X-Request-ID": "my-request.1"})
        line = access_line(server, "my-request.1")
        assert (line["method"], line["route"], line["status"], line["level"]) == ("GET", "/livez", 200, "info")
        assert line["duration_ms"] >= 0
        assert line["time"].endswith("Z")

    def test_request_id_comes_back(self, server: Gunicorn) -> None:
        assert httpx.get(f"{server.url}/livez", headers={"X-Request-ID": "abc"}).headers["X-Request-ID"] == "abc"

    @pytest.mark.parametrize("sent", [b"", b"x" * 129, b"two words", b'quo"te', "né".encode()])
    def test_a_strange_request_id_is_replaced(self, server: Gunicorn, sent: bytes) -> None:
        given = httpx.get(f"{server.url}/livez", headers={b"X-Request-ID": sent}).headers["X-Request-ID"]
        assert len(given) == 32

    def test_trace_id_of_traceparent(self, server: Gunicorn) -> None:
        headers = {"traceparent": f"00-{TRACE_ID}-b7ad6b7169203331-01", "X-Request-ID": "traced"}
        httpx.get(f"{server.url}/livez", headers=headers)
        assert access_line(server, "traced")["trace_id"] == TRACE_ID

    @pytest.mark.parametrize(
        "sent", ["junk", f"00-{'0' * 32}-b7ad6b7169203331-01", f"ff-{TRACE_ID}-b7ad6b7169203331-01"]
    )
    def test_a_wrong_traceparent_is_ignored(self, server: Gunicorn, sent: str) -> None:
        request_id = f"untraced-{abs(hash(sent))}"
        httpx.get(f"{server.url}/livez", headers={"traceparent": sent, "X-Request-ID": request_id})
        assert "trace_id" not in access_line(server, request_id)

    def test_no_secret_is_in_any_line(self, server: Gunicorn, databases: Databases) -> None:
        headers = {"Authorization": "Bearer hidden-token", "Cookie": "session=hidden-cookie"}
        httpx.get(f"{server.url}/books?q=hidden-query", headers=headers)
        httpx.post(f"{server.url}/api/v1/books", headers=headers, json=BOOK)
        server.lines()  # each is JSON
        written = server.output.read_text()
        assert "hidden" not in written
        assert databases.environment("any")["SECRET_KEY"] not in written


class TestShutdown:
    def test_open_requests_finish_and_readiness_flips(self, databases: Databases) -> None:
        with databases.temporary("draining") as name:
            environment = databases.environment(name)
            token = bookstore("token", "add", "t", "--scope", "catalogue", env=environment).stdout.strip()
            with (
                serve(environment) as server,
                psycopg.connect(databases.url(name, OWNER)) as locking,
                ThreadPoolExecutor() as pool,
            ):
                kept = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
                assert status(kept, "/readyz") == 200
                locking.execute("LOCK TABLE author IN ACCESS EXCLUSIVE MODE")
                posting = pool.submit(
                    httpx.post,
                    f"{server.url}/api/v1/books",
                    json=BOOK | {"stock": 1},
                    headers={"Authorization": f"Bearer {token}"},
                    timeout=30,
                )
                wait_for_a_waiter(databases, name)
                server.process.send_signal(signal.SIGTERM)
                assert eventually_draining(kept)
                locking.rollback()
                assert posting.result().status_code == 201
                kept.close()
                assert server.process.wait(30) == 0

    def test_a_worker_that_has_only_just_begun_hears_a_signal(self, databases: Databases, sample: str) -> None:
        environment = databases.environment(sample, PORT=str(free_port()), METRICS_PORT="0")
        command = [sys.executable, "-m", "bookstore", "serve"]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
            deadline = Timer(START_SECONDS, process.kill)
            deadline.start()
            pid = next(found[1] for line in process.stdout or () if (found := BOOTING.search(line)))
            os.kill(int(pid), signal.SIGTERM)
            assert any(f"Worker exiting (pid: {pid})" in line for line in process.stdout or ())
            deadline.cancel()
            assert process.poll() is None, "the worker ended with its master"
            process.terminate()

    def test_leaves_no_files_behind(self, databases: Databases, sample: str) -> None:
        with serve(databases.environment(sample, WEB_WORKERS="2")) as server:
            (folder,) = {file.parent for file in metric_files(server)}
            assert server.stop() == 0
        assert not folder.exists()

    def test_what_a_killed_server_leaves_is_removed_by_the_next(self, databases: Databases, sample: str) -> None:
        environment = databases.environment(sample, WEB_WORKERS="2")
        with serve(environment) as alive:
            (used,) = {file.parent for file in metric_files(alive)}
            with serve(environment) as killed:
                (orphan,) = {file.parent for file in metric_files(killed)}
                held = os.open(orphan, os.O_RDONLY)
                killed.process.kill()
                killed.process.wait()
                # Its workers let go when they notice that their parent is gone; while this holds it, nobody sweeps it.
                fcntl.flock(held, fcntl.LOCK_EX)
                assert orphan.exists()
                os.close(held)
            with serve(environment) as following:
                (own,) = {file.parent for file in metric_files(following)}
                assert (orphan.exists(), used.exists(), own.exists()) == (False, True, True)

    def test_a_killed_worker_is_replaced(self, databases: Databases, sample: str) -> None:
        with serve(databases.environment(sample, WEB_WORKERS="2")) as server:
            os.kill(children(server.process.pid)[0], signal.SIGKILL)
            for _ in range(50):
                assert httpx.get(f"{server.url}/livez").status_code == 200


def access_line(server: Gunicorn, request_id: str) -> dict[str, Any]:
    """The access line of a request that has been answered: it is written before the answer is."""
    (line,) = [line for line in server.lines() if line.get("request_id") == request_id and line["event"] == "request"]
    return line


def status(connection: http.client.HTTPConnection, path: str) -> int:
    connection.request("GET", path)
    response = connection.getresponse()
    response.read()
    return response.status


def wait_for_a_waiter(databases: Databases, name: str) -> None:
    """Return once some statement waits for a lock in that database."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'"
    with databases.superuser() as connection:
        while connection.execute(waiting, (name,)).fetchone() == (0,):
            pass


def eventually_draining(kept: http.client.HTTPConnection) -> bool:
    """Whether readiness turns to 503 on a connection that was open before the signal."""
    while True:
        if status(kept, "/readyz") == 503:
            return True


def metric_files(server: Gunicorn) -> set[Path]:
    """The files of metrics that the workers have open."""
    opened: set[Path] = set()
    for child in children(server.process.pid):
        for descriptor in Path(f"/proc/{child}/fd").iterdir():
            # One that is closed meanwhile is none of these.
            with suppress(FileNotFoundError):
                opened.add(descriptor.readlink())
    return {file for file in opened if file.suffix == ".db"}


@pytest.fixture(scope="module")
def server(databases: Databases, sample: str) -> Iterator[Gunicorn]:
    with serve(databases.environment(sample)) as running:
        yield running
