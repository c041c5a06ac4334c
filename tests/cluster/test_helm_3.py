"""A release that Helm 3 made: Helm 4 takes it over, and uninstalling leaves what is documented."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.release import Release
from tests.cluster.tools import ROOT, eventually, kubectl, make_namespace, run

pytestmark = [
    pytest.mark.skipif(shutil.which("helm3") is None, reason="helm3 is not on PATH"),
]
KINDS = "all,secret,configmap,pvc,networkpolicy,role,rolebinding,serviceaccount,ingress,poddisruptionbudget"
# What every namespace has, and what Helm keeps of a release that it has.
OTHERS = re.compile(r"^(configmap/kube-root-ca.crt|serviceaccount/default)$")


@pytest.fixture(scope="module")
def old(chart: Path) -> Iterator[Release]:
    """A release made by Helm 3."""
    release = Release(chart, "dev", "bookstore-helm3")
    make_namespace(release.namespace)
    release.install(program="helm3", wait="--wait")
    yield release
    kubectl("delete", "namespace", release.namespace, "--wait=false")


def test_helm_4_takes_it_over_and_restarts_nothing(old: Release) -> None:
    before = old.lasting()
    old.upgrade()
    assert old.lasting() == before
    assert old.helm("test").count("Phase:          Succeeded") >= 2


def test_uninstalling_it_leaves_what_the_readme_says_and_removes(old: Release) -> None:
    run("helm3", "uninstall", old.name, "-n", old.namespace, "--wait")
    eventually("its pods are gone", lambda: not old.objects("pods"))
    assert sorted(name.partition("/")[0] for name in left(old)) == [
        "configmap",
        "configmap",
        "configmap",
        "persistentvolumeclaim",
        "secret",
        "secret",
    ]
    readme = (ROOT / "charts/bookstore/README.md").read_text()
    (command,) = re.findall(r"`kubectl (delete pvc\S+ -l \S+=shop) -n bookstore-dev`", readme)
    kubectl("-n", old.namespace, *command.split())
    assert left(old) == []


def left(release: Release) -> list[str]:
    """What is in its namespace, without what every namespace has."""
    found = kubectl("-n", release.namespace, "get", KINDS, "-o", "name").split()
    return [name for name in found if not OTHERS.match(name)]
