"""The commands of a document, followed by a test: block after block in one shell, with names of the test's own."""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.docs.blocks import of_page

# What a block sets, the next has.
SCRIPT = """set -euo pipefail
[ ! -e state ] || . ./state
{block}
{{ declare -p | grep '^declare -[-x]* [a-z]' || true; declare -f; }} >state
"""


class Runbook:
    """Those blocks of a page that name the test's file, in a folder where a person would follow them."""

    def __init__(self, page: str, test: str, folder: Path, variables: Mapping[str, str]) -> None:
        self.blocks = [block for block in of_page(page) if test in block.rest]
        self.folder = folder
        self.environment = {**os.environ, **variables}

    def follow(self, count: int = 1) -> str:
        """What the next blocks print."""
        return "".join(self._run() for _ in range(count))

    def told(self, name: str) -> str:
        """What a variable is now."""
        found = re.search(rf'(?m)^declare -\S+ {name}="(.*)"$', (self.folder / "state").read_text())
        assert found, name
        return found[1]

    def tell(self, name: str, value: str) -> None:
        """Set a variable that the page leaves to whoever follows it."""
        with (self.folder / "state").open("a") as state:
            state.write(f'{name}="{value}"\n')

    def _run(self) -> str:
        block = self.blocks.pop(0)
        script = SCRIPT.format(block=block.text)
        done = subprocess.run(
            ["bash", "-c", script], cwd=self.folder, env=self.environment, check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{block}\n{block.text}\n{done.stdout}{done.stderr}"
        return done.stdout
