"""`bookstore conformance` from outside of the cluster, through `kubectl proxy`."""

import sys

from tests.cluster.release import Release
from tests.cluster.tools import proxy, run


def conformance(release: Release, *arguments: str, check: bool = True) -> str:
    """What it finds of a release; fails where a statement is broken, if not told otherwise. No test is about time."""
    where = [f"--namespace={release.namespace}", f"--release={release.name}", "--start-seconds=600"]
    command = [sys.executable, "-m", "bookstore", "conformance", f"--server={proxy()}", *where, *arguments]
    return run(*command, check=check, timeout=1200).stdout
