"""How much CPU a container may use, which the kernel's cgroup limits and no count of cores shows."""

from collections.abc import Callable, Iterator
from pathlib import Path


def limit(root: Path = Path("/")) -> float | None:
    """CPUs that this process may use at once, the least that it or a cgroup around it is given; None without a limit.

    cgroup v2 says "quota period" in cpu.max (https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu), v1 has a file for
    each (https://docs.kernel.org/scheduler/sched-bwc.html); both in microseconds.
    """
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return None  # not Linux
    limits: list[float] = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            limits += _limits(root / "sys/fs/cgroup", path, _version_2)
        elif "cpu" in controllers.split(","):
            limits += _limits(root / "sys/fs/cgroup" / controllers, path, _version_1)
            limits += _limits(root / "sys/fs/cgroup/cpu", path, _version_1)
    return min(limits, default=None)


def _limits(mount: Path, path: str, read: Callable[[Path], tuple[str, str]]) -> Iterator[float]:
    """What each cgroup from a process's own up to the mount allows; a container sees its own at the mount itself."""
    own = mount / path.lstrip("/")
    for folder in (own, *own.parents):
        try:
            quota, period = read(folder)
        except (OSError, ValueError):
            quota, period = "max", ""
        if quota not in ("max", "-1"):
            yield int(quota) / int(period)
        if folder == mount:
            return


def _version_2(folder: Path) -> tuple[str, str]:
    quota, period = (folder / "cpu.max").read_text().split()
    return quota, period


def _version_1(folder: Path) -> tuple[str, str]:
    return (folder / "cpu.cfs_quota_us").read_text().strip(), (folder / "cpu.cfs_period_us").read_text().strip()
