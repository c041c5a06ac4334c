"""Ways to install the chart that a platform asks for: each comes up, shows its home page, and passes `helm test`."""

import os
import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import pytest
import yaml

from tests.chart.rendering import containers
from tests.cluster.release import SURFACES, Release, installed
from tests.cluster.tools import ROOT, Object, kubectl, make_namespace, run
from tests.docs.blocks import of_page
from tests.docs.terminal import Terminal

pytestmark = pytest.mark.full
# Each image that the chart knows.
EVERYTHING = "cache.valkey.enabled=true,backup.enabled=true"
# With each kind of object, and so of name.
LONGEST = "a-release-with-a-name-as-long-as-helm-lets-it-be-long"
MIRROR = "mirror.example.org/of/others"
# What reaches the images of the cluster's node, such as `docker exec kind-control-plane ctr --namespace k8s.io`.
CTR = os.environ.get("BOOKSTORE_CTR", "")
# Of the page, and that of the image on the node.
REGISTRY = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
DIGEST = os.environ.get("BOOKSTORE_IMAGE_DIGEST", "")


def check(release: Release) -> None:
    """The tests of every part pass: its pages, and its database by `bookstore doctor`."""
    assert release.helm("test", "--timeout=3m").count("Phase:          Succeeded") >= 2
    assert not release.restarts()


@dataclass(frozen=True)
class Umbrella(Release):
    """A release of a chart around this one, whose own values say everything."""

    @property
    def values(self) -> list[str]:
        """Nothing more."""
        return []


@pytest.fixture
def umbrella(chart: Path, tmp_path: Path) -> Path:
    """A team's chart with this one in it under another name, and one block of values for it."""
    shutil.copytree(chart, tmp_path / "charts/bookstore")
    about = {"apiVersion": "v2", "name": "mall", "version": "1.0.0"}
    about["dependencies"] = [{"name": "bookstore", "version": "*", "alias": "books"}]  # type: ignore[assignment]
    (tmp_path / "Chart.yaml").write_text(yaml.safe_dump(about))
    block = yaml.safe_load((ROOT / "values/dev.yaml").read_text())
    block["hosts"] = {"shop": {"host": "umbrella.localhost"}}
    block |= {"cache": {"valkey": {"enabled": True}}, "backup": {"enabled": True}}
    # As an umbrella says it for all its charts: others read what this one does not.
    shared = {"imagePullSecrets": ["none-such"], "environment": "test", "postgresql": {"fullnameOverride": "mall-db"}}
    (tmp_path / "values.yaml").write_text(yaml.safe_dump({"global": shared, "books": block}))
    return tmp_path


def test_an_umbrella_chart_gives_it_another_name_and_global_values_and_may_have_53_characters(umbrella: Path) -> None:
    with installed(Umbrella(umbrella, "dev", "bookstore-umbrella", LONGEST)) as release:
        check(release)
        assert {pod["metadata"]["labels"]["app.kubernetes.io/name"] for pod in release.objects("pods", "all")} == {
            "books"
        }
        before = release.lasting()
        release.upgrade()
        assert release.lasting() == before


@contextmanager
def mirrored(images: set[str]) -> Iterator[None]:
    """Images of the node are there under the mirror's name as well, in the block."""
    ctr = [*shlex.split(CTR), "images"]
    names = {f"{MIRROR}/{image.removeprefix('docker.io/')}": full_name(image) for image in images}
    for target, source in names.items():
        run(*ctr, "tag", "--force", source, target)
    try:
        yield
    finally:
        run(*ctr, "remove", *names)


def full_name(image: str) -> str:
    """An image's name as a node has it."""
    if "/" not in image:
        return f"docker.io/library/{image}"
    return image if "." in image.partition("/")[0] else f"docker.io/{image}"


def images(pods: list[Object]) -> set[str]:
    """The images of all containers of pods."""
    return {each["image"] for pod in pods for each in containers(pod)}


@pytest.mark.skipif(not CTR, reason="BOOKSTORE_CTR does not say how to name the images of the cluster's node")
def test_every_image_comes_from_a_mirror(chart: Path) -> None:
    release = Release(chart, "dev", "bookstore-mirror", settings=(EVERYTHING,))
    rendered = [each.get("spec", {}).get("template") for each in release.render() if each["kind"] != "CronJob"]
    wanted = images([pod for pod in rendered if pod])
    through = Release(chart, "dev", release.namespace, settings=(*release.settings, f"global.imageRegistry={MIRROR}"))
    with mirrored(wanted), installed(through) as release:
        check(release)
        found = images(release.objects("pods"))
        assert len(found) == len(wanted) == 3
        assert all(image.startswith(f"{MIRROR}/") for image in found)


@pytest.fixture
def amazon(chart: Path, tmp_path: Path) -> Iterator[Release]:
    """What docs/how-to/eks.md installs, by its own command: its pods wait for what is Amazon's."""
    release = Release(chart, "prod", "bookstore-eks")
    make_namespace(release.namespace)
    (tmp_path / "charts").mkdir()
    for name, folder in {"charts/bookstore": chart, "deploy": ROOT / "deploy", "values": ROOT / "values"}.items():
        (tmp_path / name).symlink_to(folder)

    def substitute(text: str) -> str:
        own = {"bookstore-prod": release.namespace, REGISTRY: "docker.io/library", "sha256:…": DIGEST}
        return reduce(lambda before, other: before.replace(*other), own.items(), text)

    (block,) = (block for block in of_page("docs/how-to/eks.md") if "test_installs.py" in block.rest)
    Terminal(tmp_path, {}, substitute).run(block)
    yield release
    kubectl("delete", "namespace", release.namespace, "--wait=false")


def test_a_cluster_takes_every_object_for_amazon(amazon: Release) -> None:
    assert {each["spec"]["target"]["name"] for each in amazon.objects("externalsecrets")} == {
        "bookstore",
        "bookstore-database",
    }
    assert amazon.helm("status", "-o", "json").count('"status":"deployed"') == 1
    assert len(amazon.pods(*SURFACES)) >= 2
    (ingress,) = amazon.objects("ingresses")
    assert ingress["spec"]["ingressClassName"] == "alb"
