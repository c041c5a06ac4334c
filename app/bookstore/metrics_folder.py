"""The folder in which gunicorn's workers keep their metrics, so that any of them can sum them up.

It is removed at the end. That of a server which was killed is removed by the next one: it lies in memory, which
outlives the container in a pod.
"""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
PREFIX = "bookstore-multiproc-"
_locked: list[int] = []


def make(parent: Path) -> str:
    """Make it, and name it where prometheus_client looks when it is first imported; one that is named there is emptied.

    Who serves holds a lock on it, until the last of its processes is gone, however it ends.
    """
    if given := os.environ.get(VARIABLE):
        shutil.rmtree(given, ignore_errors=True)
        Path(given).mkdir(parents=True, exist_ok=True)
        _locked.append(_lock(Path(given)))
        return given
    remove_orphans(parent)
    made = Path(tempfile.mkdtemp(dir=parent))
    _locked.append(_lock(made))
    # Only now does it look like one of ours, to those who look for orphans.
    folder = made.rename(made.with_name(PREFIX + made.name))
    os.environ[VARIABLE] = str(folder)
    return str(folder)


def remove_orphans(parent: Path) -> None:
    """Remove the folders that no process holds a lock on."""
    for folder in parent.glob(f"{PREFIX}*"):
        try:
            lock = _lock(folder)
        except OSError:
            continue  # it is in use, or another's, or gone
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _lock(folder: Path) -> int:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
