"""Runs the commands of documents as somebody who follows them does: one block after another, in one folder."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.docs.blocks import Block

SECONDS = 900
# Whoever pastes a block pastes the next one into the same terminal.
BEGIN = "began=$PWD"
END = '[ "$PWD" = "$began" ] || { echo "it ends in $PWD, and the next begins there" >&2; exit 1; }'


@dataclass
class Terminal:
    """A folder, variables, and what must be another here than in the document."""

    folder: Path
    environment: Mapping[str, str]
    substitute: Callable[[str], str]
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def run(self, block: Block) -> str:
        """What its commands print; those that do not end go on until the terminal is closed."""
        script = self.substitute(block.text)
        if block.until:
            return self._start(block, script)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", f"{BEGIN}\n{script}\n{END}"],
            cwd=self.folder,
            env={**os.environ, **self.environment},
            check=False,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        assert done.returncode == 0, f"{block}\n{script}\n{done.stdout}{done.stderr}"
        return done.stdout

    def write(self, block: Block) -> None:
        """Write a file that the document shows."""
        (self.folder / block.title).write_text(self.substitute(block.text))

    def _start(self, block: Block, script: str) -> str:
        output = self.folder / f"output-{len(self.running)}"
        with output.open("wb") as sink:
            process = subprocess.Popen(
                ["bash", "-euo", "pipefail", "-c", f"exec {script}"],
                cwd=self.folder,
                env={**os.environ, **self.environment},
                stdout=sink,
                stderr=subprocess.STDOUT,
            )
        self.running.append(process)
        deadline = time.monotonic() + SECONDS
        while block.until not in output.read_text():
            going_on = process.poll() is None and time.monotonic() < deadline
            assert going_on, f"{block}\n{output.read_text()}"
            time.sleep(0.1)
        return output.read_text()


@contextmanager
def opened(terminal: Terminal) -> Iterator[Terminal]:
    """It; at the end of the block what still runs is asked to stop, as by Ctrl-C."""
    try:
        yield terminal
    finally:
        for process in terminal.running:
            process.terminate()
        for process in terminal.running:
            process.wait(60)
