"""`bookstore doctor --cluster` where something around the shop is really wrong."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import trustme

from bookstore.admin import surroundings
from tests.databases import Databases, bookstore
from tests.servers import free_port

LONG_AGO = "Wed, 01 Jan 2020 00:00:00 GMT"


@contextmanager
def kubernetes_api(date: str | None) -> Iterator[dict[str, str]]:
    """Something that answers as the API does to a stranger; gives the environment of a pod near it."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(403)
            self.end_headers()

        def date_time_string(self, timestamp: float | None = None) -> str:
            return date or super().date_time_string(timestamp)

        def log_message(self, *_arguments: object) -> None:
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(server.server_port)}
        server.shutdown()
        thread.join()


def test_all_is_well_and_says_how_well(databases: Databases, database: str) -> None:
    with kubernetes_api(None) as pod:
        environment = databases.environment(database, TRACING_ENDPOINT="http://localhost:4318", **pod)
        done = bookstore("doctor", "--cluster", env=environment)
    assert "FAIL" not in done.stdout
    for line in ("dns localhost: ", "folder /tmp: ", "folder /dev/shm: ", "memory: "):
        assert f"ok    {line}" in done.stdout
    assert "ok    clock of the Kubernetes API: within 5 s" in done.stdout


def test_everything_that_is_wrong_is_said_at_once(databases: Databases) -> None:
    with kubernetes_api(LONG_AGO) as pod:
        environment = databases.environment("any", **pod) | {
            "DATABASE_URL": "postgresql://shop:hunter2@database.invalid/shop",
            "SMTP_HOST": "mail.invalid",
            "WEB_WORKERS": "2",
        }
        done = bookstore("doctor", "--cluster", env=environment, check=False)
    assert done.returncode == 1
    for setting, host in (("DATABASE_HOST", "database.invalid"), ("SMTP_HOST", "mail.invalid")):
        (line,) = [line for line in done.stdout.splitlines() if line.startswith(f"FAIL  dns {host}: ")]
        assert f"correct {setting}" in line
    assert "FAIL  clock of the Kubernetes API: differs by " in done.stdout
    assert "FAIL  database: " in done.stdout
    assert "hunter2" not in done.stdout + done.stderr


def test_an_api_out_of_reach_is_no_failure(databases: Databases) -> None:
    pod = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(free_port())}
    found = surroundings.api_clock(pod)
    assert (found.wrong, found.detail) == (None, "not compared (ConnectionRefusedError)")


@pytest.mark.parametrize("folder", [Path("/proc"), Path("/nowhere")])
def test_a_folder_that_takes_no_files(folder: Path) -> None:
    assert "mount a volume there" in (surroundings.writable(folder).wrong or "")


def test_a_folder_without_room(tmp_path: Path) -> None:
    assert "raise workload.tmpSize" in (surroundings.writable(tmp_path, least_free_bytes=1 << 60).wrong or "")


def test_a_limit_of_memory_that_the_workers_outgrow() -> None:
    assert "lower workers" in (surroundings.memory(4, 256 << 20).wrong or "")
    assert surroundings.memory(2, 512 << 20).wrong is None
    assert surroundings.memory(9, None).wrong is None
