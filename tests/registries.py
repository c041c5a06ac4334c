"""A container registry, for what must be pushed somewhere."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.servers import free_port, get

CONFIGURATION = """
version: 0.1
storage: {{filesystem: {{rootdirectory: {folder}}}}}
http: {{addr: "{address}"}}
"""
START_SECONDS = 30


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """The address of one that speaks plain HTTP and keeps what it has in a folder, until the block ends."""
    address = f"localhost:{free_port()}"
    configuration = folder / "registry.yaml"
    configuration.write_text(CONFIGURATION.format(folder=folder / "registry", address=address))
    with (folder / "registry.log").open("w") as log:
        process = subprocess.Popen(["registry", "serve", str(configuration)], stdout=log, stderr=log)
    try:
        wait_for(address)
        yield address
    finally:
        process.terminate()
        process.wait()


def wait_for(address: str) -> None:
    """Return once it answers."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            get(f"http://{address}/v2/").raise_for_status()
        except httpx.TransportError:
            assert time.monotonic() < deadline, f"no registry at {address} within {START_SECONDS} s"
            time.sleep(0.1)
        else:
            return
