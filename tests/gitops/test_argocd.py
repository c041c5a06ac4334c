"""Argo CD makes of deploy/argocd and of promotions what docs/how-to/gitops.md says, by the page's own commands."""

from pathlib import Path

import pytest

from tests.cluster.argo import annotation
from tests.cluster.release import Release
from tests.cluster.tools import eventually, get, kubectl
from tests.deploy.repository import Repository
from tests.docs.blocks import of_page
from tests.gitops.argocd import application, state
from tests.gitops.conftest import VERSIONS

APPLY, LOOK_NOW, END_SYNC = (
    block.text for block in of_page("docs/how-to/gitops.md") if "tests/gitops/test_argocd.py" in block.rest
)
FIRST, SECOND = VERSIONS
NO_IMAGE = f"sha256:{'1' * 64}"
WELL = ("Synced", "Healthy")


def shop(environment: str) -> Release:
    """An environment's release: its objects are there, without one of Helm's."""
    return Release(Path(), environment, f"bookstore-{environment}")


def follow(repository: Repository, block: str) -> None:
    """Run a block of the page."""
    done = repository.run("bash", "-euc", block)
    assert done.returncode == 0, done.stderr


def arrives(repository: Repository, environment: str) -> None:
    """Have Argo CD look at the repository, and wait until an environment runs what it says."""
    follow(repository, LOOK_NOW)
    eventually(f"{environment} is well", lambda: state(environment) == WELL, seconds=300)
    assert "FAIL" not in shop(environment).execute("bookstore", "doctor")
    eventually(f"{environment} answers", shop(environment).answers)


def test_an_environment_comes_with_its_first_promotion(repository: Repository, digest: str) -> None:
    repository.promote("dev", FIRST, digest)
    follow(repository, APPLY)
    arrives(repository, "dev")
    assert not application("staging")
    assert not application("prod")


@pytest.mark.usefixtures("database")
def test_the_others_come_with_theirs(repository: Repository) -> None:
    repository.promote("staging")
    repository.promote("prod")
    for environment in ("staging", "prod"):
        arrives(repository, environment)
        hooks = [job for job in get(f"bookstore-{environment}", "jobs") if annotation(job, "hook")]
        assert hooks == [], "what came before the sync goes with it"


def test_what_somebody_deletes_comes_back() -> None:
    release = shop("prod")
    (policy, *_) = release.objects("poddisruptionbudgets")
    name, before = policy["metadata"]["name"], release.lasting()
    kubectl("-n", release.namespace, "delete", "pdb", name)
    eventually("it is back", lambda: name in str(release.objects("poddisruptionbudgets")))
    eventually("prod is well", lambda: state("prod") == WELL)
    assert release.lasting() == before


def test_an_image_that_is_not_there_harms_nothing_and_its_sync_can_be_ended(
    repository: Repository, digest: str
) -> None:
    release = shop("dev")
    before = release.lasting()
    repository.promote("dev", SECOND, NO_IMAGE)
    follow(repository, LOOK_NOW)
    eventually("a pod waits for the image", lambda: NO_IMAGE in str(get(release.namespace, "pods")))
    assert release.answers()
    repository.promote("dev", SECOND, digest)
    follow(repository, LOOK_NOW)
    eventually("dev is to run the correction", lambda: digest in str(application("dev")["spec"]))
    follow(repository, END_SYNC)
    arrives(repository, "dev")
    assert application("dev")["status"]["sync"]["revisions"][0] == SECOND
    # The chart's number alone is no reason to restart.
    assert release.lasting() == before
