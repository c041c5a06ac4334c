"""`bookstore conformance` from outside of the cluster, through `kubectl proxy`."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.cluster.release import Release
from tests.cluster.tools import run

LISTENING = re.compile(r"127\.0\.0\.1:\d+")


@contextmanager
def proxy() -> Iterator[str]:
    """The address of a `kubectl proxy`."""
    command = ["kubectl", "proxy", "--port=0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            listening = LISTENING.search(process.stdout.readline())
            assert listening
            yield f"http://{listening[0]}"
        finally:
            process.terminate()


def conformance(release: Release, *arguments: str, check: bool = True) -> str:
    """What it finds of a release; fails where a statement is broken, if not told otherwise. No test is about time."""
    where = [f"--namespace={release.namespace}", f"--release={release.name}", "--start-seconds=600"]
    with proxy() as server:
        command = [sys.executable, "-m", "bookstore", "conformance", f"--server={server}", *where, *arguments]
        return run(*command, check=check, timeout=1200).stdout
