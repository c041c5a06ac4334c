"""Processes under test: gunicorn on one of the databases, and the CPU time that processes have used."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.client import ROOT, Load, send
from tests.databases import Databases
from tests.servers import free_port

START_SECONDS = 30
STOP_SECONDS = 30
SERVE = ("bookstore", "serve")
BASELINES = ("gunicorn", "--config", "python:bookstore.gunicorn", "bench.baselines:app")


@dataclass(frozen=True)
class Web:
    """A gunicorn with one worker process of four threads, and the CPU seconds that its start took."""

    master: int
    worker: int
    port: int
    start_cpu_seconds: float

    def cpu_seconds(self) -> float:
        """What its worker has used so far, user and system."""
        return cpu_seconds(self.worker)


def cpu_seconds(pid: int) -> float:
    """What the threads of a process have used so far, from the scheduler, which counts nanoseconds."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9


def children(pid: int) -> list[int]:
    """Its child processes."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@contextmanager
def serving(
    databases: Databases, database: str, module: tuple[str, ...] = SERVE, first_path: str = "/livez"
) -> Iterator[Web]:
    """`python -m MODULE` on a database, from when `first_path` is answered with 200."""
    port = free_port()
    environment = databases.environment(
        database, PORT=str(port), METRICS_PORT=str(free_port()), WEB_WORKERS="1", WEB_THREADS="4", PYTHONPATH=str(ROOT)
    )
    process = subprocess.Popen(
        [sys.executable, "-m", *module], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait(process, Load(port, [first_path], requests=1))
        (worker,) = children(process.pid)
        used = cpu_seconds(process.pid) + cpu_seconds(worker)
        yield Web(process.pid, worker, port, used)
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def _wait(process: "subprocess.Popen[bytes]", load: Load) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            send(load)
        except subprocess.CalledProcessError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return
