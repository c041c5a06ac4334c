"""pgbench: the least that PostgreSQL itself takes to find one book by its key."""

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
    """One client, prepared statements; None where there is no pgbench."""
    beside = find_programs().folder / "pgbench"
    program = str(beside) if beside.exists() else shutil.which("pgbench")
    if program is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "select.sql")
        script.write_text(SCRIPT.format(books=books))
        command = [program, "--no-vacuum", "--protocol=prepared", f"--time={seconds}", f"--file={script}", url]
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = RESULT.search(output)
    return Result(float(found[1]), float(found[2])) if found else None
