"""Importing files: how fast, and in how much memory."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.databases import Databases


@dataclass(frozen=True)
class Import:
    """One import: its rows, its seconds, and the most memory that its process had."""

    rows: int
    seconds: float
    peak_megabytes: float

    def __str__(self) -> str:
        """Its speed, start of the process included, and its memory."""
        return f"{self.rows / self.seconds:.0f} rows/s in {self.peak_megabytes:.0f} MB at {self.rows:,} rows"


def import_file(databases: Databases, database: str, path: Path, rows: int) -> Import:
    """`bookstore catalogue import`, as an operator runs it; raises RuntimeError where it fails."""
    command = [sys.executable, "-m", "bookstore", "catalogue", "import", str(path)]
    began = time.perf_counter()
    process = subprocess.Popen(command, env=databases.environment(database), stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"Importing {path} failed.")
    return Import(rows, time.perf_counter() - began, usage.ru_maxrss / 1024)
