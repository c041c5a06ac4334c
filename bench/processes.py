"""Processes under test: PostgreSQL, gunicorn on one of its databases, and what processes have used of the machine."""

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from types import MappingProxyType

import httpx

from bench.client import ROOT
from dev.postgres import Server
from tests.databases import TEMPLATE, Databases
from tests.servers import children, free_port

START_SECONDS = 30
STOP_SECONDS = 30
PAUSE_SECONDS = 0.01
SERVE = ("bookstore", "serve")
# As a shop's server: commits wait for the disk, and there is memory for the larger catalogue.
OPTIONS = {"shared_buffers": "256MB"}
BASELINES = ("gunicorn", "--config", "python:bookstore.gunicorn", "bench.baselines:app")


@dataclass(frozen=True)
class Web:
    """A gunicorn, and the seconds from its start until it answered."""

    master: int
    port: int
    metrics_port: int
    start_seconds: float

    @property
    def workers(self) -> Sequence[int]:
        """Its workers' process ids: the first answers before the others have started."""
        return children(self.master)

    def cpu_seconds(self) -> float:
        """What its workers have used so far, user and system."""
        return sum(map(cpu_seconds, self.workers))

    def megabytes(self) -> float:
        """A worker's memory (proportional set size: what processes share is counted in parts), the mean of all."""
        return mean(map(proportional_megabytes, self.workers))


def cpu_seconds(pid: int) -> float:
    """What the threads of a process have used so far, from the scheduler, which counts nanoseconds."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9


def proportional_megabytes(pid: int) -> float:
    """The proportional set size of a process, in MB."""
    sizes = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in sizes if line.startswith("Pss:")) * 1024 / 1e6


@contextmanager
def postgresql(folder: Path) -> Iterator[Databases]:
    """A PostgreSQL with the shop's tables in its template, for as long as it is needed."""
    with Server(folder, OPTIONS) as server:
        server.create_database(TEMPLATE)
        databases = Databases.of(server)
        databases.migrate(TEMPLATE)
        yield databases


@contextmanager
def serving(
    databases: Databases,
    database: str,
    module: tuple[str, ...] = SERVE,
    first_path: str = "/livez",
    settings: Mapping[str, str] = MappingProxyType({}),
    cpus: int | None = None,
) -> Iterator[Web]:
    """`python -m MODULE` on a database, from when `first_path` is answered with 200.

    It has one worker of four threads unless `settings` say otherwise; with `cpus` it runs on the first so many alone.
    """
    port, metrics_port = free_port(), free_port()
    shape = {"WEB_WORKERS": "1", "WEB_THREADS": "4", **settings}
    environment = databases.environment(
        database, PORT=str(port), METRICS_PORT=str(metrics_port), PYTHONPATH=str(ROOT), **shape
    )
    bound = ["taskset", "--cpu-list", f"0-{cpus - 1}"] if cpus else []
    command = [*bound, sys.executable, "-m", *module]
    began = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(process, f"http://127.0.0.1:{port}{first_path}")
        yield Web(process.pid, port, metrics_port, time.perf_counter() - began)
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def _wait(process: "subprocess.Popen[bytes]", url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    with httpx.Client() as client:
        while True:
            try:
                client.get(url).raise_for_status()
            except httpx.HTTPError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(PAUSE_SECONDS)
            else:
                return
