"""ci/kind, with stand-ins for the programs that need a container engine."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.ci.conftest import ROOT

# Docker prints a digest where `ctr images list` does.
DOCKER = "#!/bin/sh\nprintf 'head\\nname type sha256:of-the-image\\n'\n"
SILENT = "#!/bin/sh\n"
VARIABLE = re.compile(r"""environ(?:\.get\(|\[)['"](BOOKSTORE_[A-Z_0-9]+)""")
# Those of somebody's choice.
CHOSEN = {"BOOKSTORE_E2E_KEEP", "BOOKSTORE_LAST_RELEASE"}


@pytest.fixture
def printed(tmp_path: Path) -> dict[str, str]:
    """What it prints, as `$GITHUB_ENV` would be read."""
    for name, script in {"docker": DOCKER, "kind": SILENT, "helm": SILENT}.items():
        (tmp_path / name).write_text(script)
        (tmp_path / name).chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    said = subprocess.check_output([ROOT / "ci/kind", "newest"], env=environment, text=True, stderr=subprocess.DEVNULL)
    return dict(line.split("=", 1) for line in said.splitlines())


def test_it_gives_every_variable_that_a_test_on_a_cluster_reads(printed: dict[str, str]) -> None:
    files = (ROOT / "tests/cluster").glob("*.py")
    read = {name for file in files for name in VARIABLE.findall(file.read_text())} - CHOSEN
    assert {"BOOKSTORE_CTR", "BOOKSTORE_IMAGE_DIGEST"} <= read
    assert read <= printed.keys()
    assert printed["BOOKSTORE_CTR"] == "docker exec bookstore-control-plane ctr --namespace k8s.io"
    assert printed["BOOKSTORE_IMAGE_DIGEST"] == "sha256:of-the-image"
