"""pgbench: the least that PostgreSQL itself takes for the same statements."""

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from dev.cluster import find_programs

SCRIPT = "\\set id random(1, {books})\nSELECT isbn13, title, price_cents, stock FROM book WHERE id = :id;\n"
RESULT = re.compile(r"latency average = ([\d.]+) ms.*tps = ([\d.]+)", re.DOTALL)


@dataclass(frozen=True)
class Result:
    """What pgbench said."""

    latency_milliseconds: float
    per_second: float

    def __str__(self) -> str:
        """Both."""
        return f"{self.latency_milliseconds:.3f} ms, {self.per_second:.0f}/s"


def select_by_key(url: str, books: int, seconds: int) -> Result | None:
    """One client finds a book; None where there is no pgbench."""
    return run(url, SCRIPT.format(books=books), seconds)


def run(url: str, script: str, seconds: int, *, clients: int = 1, first: int = 0) -> Result | None:
    """Clients at once, with prepared statements and a variable `turn` that is `first`; None without pgbench."""
    beside = find_programs().folder / "pgbench"
    program = str(beside) if beside.exists() else shutil.which("pgbench")
    if program is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "script.sql")
        file.write_text(script)
        options = ("--no-vacuum", "--protocol=prepared", f"--time={seconds}", f"--client={clients}", f"--file={file}")
        command = [program, *options, f"--define=turn={first}", url]
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = RESULT.search(output)
    return Result(float(found[1]), float(found[2])) if found else None
