"""The CPU limit of a container, from files as the kernel lays them out for both versions of cgroups."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from bookstore import cpus

V1_LINES = "9:name=systemd:/kubepods/pod1/app\n4:cpu,cpuacct:/kubepods/pod1/app\n"


@pytest.mark.parametrize(
    ("lines", "files", "limit"),
    [
        pytest.param("0::/\n", {"cpu.max": "150000 100000"}, 1.5, id="v2-container"),
        pytest.param("0::/\n", {"cpu.max": "max 100000"}, None, id="v2-unlimited"),
        pytest.param("0::/\n", {}, None, id="v2-root-of-a-machine"),
        pytest.param(
            "0::/pod/app\n",
            {"pod/app/cpu.max": "max 100000", "pod/cpu.max": "50000 100000"},
            0.5,
            id="v2-limit-around-it",
        ),
        pytest.param(
            V1_LINES, {"cpu/cpu.cfs_quota_us": "200000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 2, id="v1-container"
        ),
        pytest.param(
            V1_LINES,
            {
                "cpu,cpuacct/kubepods/pod1/app/cpu.cfs_quota_us": "-1\n",
                "cpu,cpuacct/kubepods/pod1/app/cpu.cfs_period_us": "100000\n",
                "cpu,cpuacct/kubepods/pod1/cpu.cfs_quota_us": "100000\n",
                "cpu,cpuacct/kubepods/pod1/cpu.cfs_period_us": "100000\n",
            },
            1,
            id="v1-limit-around-it",
        ),
        pytest.param(
            V1_LINES, {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, None, id="v1-unlimited"
        ),
    ],
)
def test_limit(tmp_path: Path, lines: str, files: Mapping[str, str], limit: float | None) -> None:
    for name, content in {"proc/self/cgroup": lines, **{f"sys/fs/cgroup/{k}": v for k, v in files.items()}}.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    assert cpus.limit(tmp_path) == limit


def test_nothing_is_known_without_cgroups(tmp_path: Path) -> None:
    assert cpus.limit(tmp_path) is None


def test_this_machine_can_be_asked() -> None:
    limit = cpus.limit()
    assert limit is None or limit > 0
