"""The application as it runs for real: gunicorn in a process of its own."""

import json
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

START_SECONDS = 30
STOP_SECONDS = 30
# For what is asked often, by HTTP: reading whom to trust takes each client 30 ms, a hundred times as long as asking.
get = partial(httpx.get, verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def children(pid: int) -> list[int]:
    """The processes that a process has started and not outlived."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@dataclass(frozen=True)
class Gunicorn:
    """A running server."""

    process: subprocess.Popen[bytes]
    port: int
    metrics_port: int
    output: Path

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def metrics_url(self) -> str:
        """The address of its metrics."""
        return f"http://127.0.0.1:{self.metrics_port}/metrics"

    def lines(self) -> list[dict[str, Any]]:
        """What it has logged; fails where a line is not JSON."""
        return [json.loads(line) for line in self.output.read_text().splitlines()]

    def metrics(self) -> list[Metric]:
        """What it says to a scraper."""
        return list(text_string_to_metric_families(get(self.metrics_url).text))

    def values(self, name: str, **labels: str) -> list[float]:
        """The values of all series of this name that have these labels."""
        samples = (sample for family in self.metrics() for sample in family.samples)
        return [each.value for each in samples if each.name == name and labels.items() <= each.labels.items()]

    def stop(self) -> int:
        """SIGTERM, and its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_SECONDS)


@contextmanager
def serve(environment: Mapping[str, str], *, until: str = "/readyz", status: int = 200) -> Iterator[Gunicorn]:
    """gunicorn on free ports, from when `until` answers with `status`."""
    port, metrics_port = free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "output")
        with output.open("wb") as sink:
            process = subprocess.Popen(
                [sys.executable, "-m", "bookstore", "serve"],
                env={
                    "PUBLIC_URL": f"http://127.0.0.1:{port}",
                    **environment,
                    "PORT": str(port),
                    "METRICS_PORT": str(metrics_port),
                },
                stdout=sink,
                stderr=subprocess.STDOUT,
            )
        server = Gunicorn(process, port, metrics_port, output)
        try:
            wait_for(server, until, status)
            yield server
        finally:
            if process.poll() is None:
                server.stop()


def wait_for(server: Gunicorn, path: str, status: int) -> None:
    """Return once the path answers so; fails with the server's output when it does not in time."""
    deadline = time.monotonic() + START_SECONDS
    seen: object = None
    while time.monotonic() < deadline and server.process.poll() is None:
        try:
            seen = get(server.url + path).status_code
        except httpx.TransportError as error:
            seen = error
        if seen == status:
            return
        time.sleep(0.05)
    raise AssertionError(f"{path} gave {seen!r} instead of {status}:\n{server.output.read_text()}")
