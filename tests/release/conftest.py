"""A release of this checkout in a registry of its own: pytest tests/release, with the programs that are named here.

docker's buildx must build for both platforms, and its builder reach a registry at localhost.
"""

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import registries
from tests.chart.conftest import missing, needed
from tests.ci.conftest import VERSION, Repository, checkout, repository
from tests.docs.laptop import make_environment

__all__ = ["checkout", "repository"]
PROGRAMS = ("docker", "helm", "cosign", "syft", "jq", "registry")
PLATFORMS = {"linux/amd64", "linux/arm64"}
# The base of the image, for both platforms, where the public one cannot be fetched.
BASE = "BOOKSTORE_BASE"


@dataclass(frozen=True)
class Publisher:
    """Who publishes to a registry, and signs with a key."""

    registry: str
    key: Path

    def publish(self, repository: Repository, *part: str) -> subprocess.CompletedProcess[str]:
        """`ci/publish` in a repository, whatever becomes of it."""
        return repository.run(
            "ci/publish", self.registry, *part,
            PLAIN_HTTP="1", COSIGN_KEY=str(self.key), COSIGN_PUB=str(self.public), COSIGN_PASSWORD="",
        )  # fmt: skip

    @property
    def public(self) -> Path:
        """The key that others verify with."""
        return self.key.with_suffix(".pub")


@pytest.fixture(scope="session")
def publisher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Publisher]:
    """One with a registry that has nothing yet."""
    for program in PROGRAMS:
        needed(program, program.upper())
    builder = subprocess.run(
        ["docker", "buildx", "inspect", "--bootstrap"], check=False, capture_output=True, text=True
    )
    if lacking := {platform for platform in PLATFORMS if platform not in builder.stdout}:
        missing(f"buildx does not build for {', '.join(sorted(lacking))}: {builder.stderr}")
    folder = tmp_path_factory.mktemp("registry")
    with registries.running(folder) as address:
        yield Publisher(address, new_key(folder))


@pytest.fixture(scope="session")
def tagged(checkout: Repository, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """The checkout as the commit of a release."""
    made = Repository(tmp_path_factory.mktemp("release") / "bookstore", patience=1800)
    checkout.git("clone", "--quiet", str(checkout.folder), str(made.folder))
    if other := os.environ.get(BASE):
        made.replace("Dockerfile", f"ARG BASE={base(made)}", f"ARG BASE={other}")
        made.commit()
    make_environment(made.folder)
    made.git("tag", f"v{VERSION}")
    return made


@pytest.fixture(scope="session")
def published(publisher: Publisher, tagged: Repository) -> dict[str, str]:
    """What `ci/publish` prints when it has published it."""
    return outputs(publisher.publish(tagged))


def outputs(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """What `ci/publish` prints, which must not fail."""
    assert done.returncode == 0, done.stderr
    return dict(line.split("=", 1) for line in done.stdout.splitlines())


def base(repository: Repository) -> str:
    """What a repository's image is built on."""
    (found,) = re.findall("^ARG BASE=(.+)$", repository.read("Dockerfile"), re.MULTILINE)
    return str(found)


def new_key(folder: Path) -> Path:
    """A key to sign with, without a password; its public part is beside it."""
    command = ["cosign", "generate-key-pair", "--output-key-prefix", str(folder / "signer")]
    subprocess.run(command, check=True, capture_output=True, env=os.environ | {"COSIGN_PASSWORD": ""})
    return folder / "signer.key"
