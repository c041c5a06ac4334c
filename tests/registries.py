"""A container registry, for what must be pushed somewhere."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.cluster.tools import eventually
from tests.servers import free_port, get

CONFIGURATION = """
version: 0.1
storage: {{filesystem: {{rootdirectory: {folder}}}}}
http: {{addr: "{address}"}}
"""


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """The address of one that speaks plain HTTP and keeps what it has in a folder, until the block ends."""
    address = f"localhost:{free_port()}"
    configuration = folder / "registry.yaml"
    configuration.write_text(CONFIGURATION.format(folder=folder / "registry", address=address))
    with (folder / "registry.log").open("w") as log:
        process = subprocess.Popen(["registry", "serve", str(configuration)], stdout=log, stderr=log)
    try:
        eventually(f"the registry at {address} answers", lambda: answers(address))
        yield address
    finally:
        process.terminate()
        process.wait()


def answers(address: str) -> bool:
    """Whether it does."""
    try:
        return get(f"http://{address}/v2/").is_success
    except httpx.TransportError:
        return False
