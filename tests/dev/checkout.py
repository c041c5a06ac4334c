"""A copy of what `make run` runs, and processes of it."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.dev.conftest import ROOT
from tests.dev.waiting import DEADLINE_SECONDS, wait_until
from tests.servers import free_port

BOOKS = 5
ADDRESS = re.compile(r"^Bookstore is at (http://\S+)  \(Ctrl-C stops it\)$", re.MULTILINE)


@dataclass(frozen=True)
class Checkout:
    """A copy of what `make run` runs, with few books."""

    folder: Path

    @property
    def data(self) -> Path:
        return self.folder / ".data"

    @property
    def postmaster(self) -> Path:
        return self.data / "postgres" / "data" / "postmaster.pid"

    @contextmanager
    def run(self, **environment: str) -> Iterator["Run"]:
        ports = {name: str(free_port()) for name in ("PORT", "METRICS_PORT", "SANDBOX_PORT")}
        inherited = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "SECRET_KEY"}}
        output = self.folder / f"output-{ports['PORT']}"
        with output.open("wb") as sink:
            process = subprocess.Popen(
                [sys.executable, "-m", "dev.run"],
                cwd=self.folder,
                env=inherited | ports | {"LOG_FORMAT": "json"} | environment,
                stdout=sink,
                stderr=subprocess.STDOUT,
            )
        try:
            yield Run(process, output)
        finally:
            process.terminate()
            process.wait(DEADLINE_SECONDS)


@dataclass(frozen=True)
class Run:
    """One such process."""

    process: subprocess.Popen[bytes]
    output: Path

    @property
    def text(self) -> str:
        return self.output.read_text()

    def address(self) -> str:
        """Its address, once it is printed."""
        wait_until(lambda: ADDRESS.search(self.text) or self.process.poll() is not None)
        address = ADDRESS.search(self.text)
        assert address, self.text
        return address[1]

    def stop(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.ended()

    def ended(self) -> int:
        return self.process.wait(DEADLINE_SECONDS)

    def master(self) -> int:
        """The process id of gunicorn's master."""
        listening = re.search(r"Listening at: \S+ \((\d+)\)", self.text)
        assert listening
        return int(listening[1])


def make_checkout(folder: Path) -> Checkout:
    shutil.copytree(ROOT / "dev", folder / "dev", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "data").mkdir()
    lines = (ROOT / "data" / "sample-books.csv").read_text().splitlines(keepends=True)
    (folder / "data" / "sample-books.csv").write_text("".join(lines[: 1 + BOOKS]))
    return Checkout(folder)
