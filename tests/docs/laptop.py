"""A terminal in a checkout, as on a laptop."""

import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.chart.rendering import ROOT
from tests.docs.terminal import Terminal, opened
from tests.servers import free_port

PORTS = {"8000": "PORT", "9000": "METRICS_PORT", "8010": "SANDBOX_PORT"}


@contextmanager
def laptop(checkout: Path) -> Iterator[Terminal]:
    """With the packages of this run instead of newly installed ones, and free ports instead of the documents'."""
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, checkout)
    shutil.copytree(ROOT / "requirements", checkout / "requirements")
    make_environment(checkout)
    ports = {number: str(free_port()) for number in PORTS}

    def substitute(text: str) -> str:
        return re.sub(rf"\b({'|'.join(PORTS)})\b", lambda found: ports[found[0]], text)

    environment = {"LOG_FORMAT": "json"} | {PORTS[number]: port for number, port in ports.items()}
    with opened(Terminal(checkout, environment, substitute)) as terminal:
        yield terminal


def make_environment(checkout: Path) -> None:
    """A virtual environment that `make` takes for a complete one, with the checkout's application if it has one."""
    environment = checkout / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    (packages,) = environment.glob("lib/python*/site-packages")
    own = checkout / "app" if (checkout / "app").exists() else ROOT / "app"
    (packages / "checkout.pth").write_text(f"{own}\n{sysconfig.get_path('purelib')}\n")
    for tool in Path(sysconfig.get_path("scripts")).iterdir():
        if not (environment / "bin" / tool.name).exists():
            (environment / "bin" / tool.name).symlink_to(tool)
    for stamp in ("local", "dev"):
        (environment / f"{stamp}.stamp").touch()
