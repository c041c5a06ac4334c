import subprocess
import sys
from pathlib import Path

from tests.caches import program

ROOT = Path(__file__).parent.parent.parent


def test_quick_run_writes_a_table(tmp_path: Path) -> None:
    output = tmp_path / "results.md"
    command = [sys.executable, "-m", "bench", "--quick", "--output", str(output)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    table = output.read_text()
    assert table in done.stdout
    for row in ("goal", "book page", "book JSON", "list of 20 JSON", "search in the larger catalogue", "5 x"):
        assert f"\n| {row}" in table


def test_quick_run_with_a_cache_writes_a_table(tmp_path: Path) -> None:
    program()
    output = tmp_path / "cached.md"
    command = [sys.executable, "-m", "bench.cached", "--quick", "--output", str(output)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    for row in ("book page", "home page", "search JSON"):
        assert f"\n| {row}" in output.read_text()
