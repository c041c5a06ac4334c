"""The last version's chart is upgraded to this one, in each shape: it works, and what need not restart does not.

Both run the image of this checkout: what is tried is the chart. BOOKSTORE_LAST_RELEASE names another revision of it.
"""

import base64
import json
import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.chart.conftest import package
from tests.chart.rendering import SHAPES
from tests.cluster.outside import secret
from tests.cluster.release import QUIET, SMALL, Release
from tests.cluster.tools import ROOT, Object, kubectl, make_namespace, run

pytestmark = pytest.mark.full
# Until there is a release: the commit from which the first could have been made.
BEFORE_THE_FIRST = "edc4b5e"
# The shapes that bring all that they need, and the Helm that made them. Others wait for what their owners have.
COMPLETE = {"minimal": "helm3", "cache": "helm", "gateway": "helm3", "selling": "helm"}
PAYMENT = ("key", "webhook-secret")
LITTLE = f"{SMALL},web.workers=1,{QUIET}"


@dataclass(frozen=True)
class Shape(Release):
    """A release with the values of a file, whatever the chart."""

    file: Path = Path()

    @property
    def values(self) -> list[str]:
        """As the file has them, on a small node and with the one image."""
        tag = os.environ.get("BOOKSTORE_IMAGE", "").rpartition(":")[2]
        return ["-f", str(self.file), "--set", f"{LITTLE},image.tag={tag}"]

    @property
    def is_complete(self) -> bool:
        """Whether its pods become ready."""
        return self.environment in COMPLETE

    @property
    def arguments(self) -> list[str]:
        """How Helm is to wait for it: a hook of one that is not complete would never end."""
        return ["--wait=watcher", "--timeout=5m"] if self.is_complete else ["--no-hooks"]

    def templates(self) -> dict[str, str]:
        """What the pods of each Deployment and StatefulSet are made of, as rendered."""
        return {
            f"{each['kind']}/{each['metadata']['name']}": json.dumps(each["spec"]["template"], sort_keys=True)
            for each in self.render()
            if each["kind"] in ("Deployment", "StatefulSet")
        }

    def running(self) -> dict[str, set[str]]:
        """The ids of the pods of each."""
        found: dict[str, set[str]] = {}
        for pod in self.objects("pods"):
            found.setdefault(owner(pod), set()).add(pod["metadata"]["uid"])
        return found


def owner(pod: Object) -> str:
    """Whose pod it is: the hash of a ReplicaSet is no part of its Deployment's name."""
    (one,) = pod["metadata"]["ownerReferences"]
    if one["kind"] == "ReplicaSet":
        return f"Deployment/{one['name'].rpartition('-')[0]}"
    return f"{one['kind']}/{one['name']}"


def last_release() -> str:
    """The revision to come from; of a release, the one before it."""
    found = subprocess.run([ROOT / "ci/last-release"], check=True, capture_output=True, text=True).stdout.strip()
    return os.environ.get("BOOKSTORE_LAST_RELEASE") or found or BEFORE_THE_FIRST


@pytest.fixture(scope="module")
def last(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The chart of the last release, with that of the bundled database in it."""
    folder = tmp_path_factory.mktemp("last")
    archive = folder / "chart.tar"
    command = ["git", "archive", f"--output={archive}", last_release(), "charts/bookstore"]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"a clone with its history and tags is needed: {done.stderr}")
    run("tar", "-xf", str(archive), "-C", str(folder))
    package("helm", folder / "charts/bookstore")
    return folder / "charts/bookstore"


@pytest.fixture(scope="module")
def shapes(last: Path) -> Iterator[dict[str, Shape]]:
    """Each shape of the last release, installed, side by side."""
    files = {shape_of(file): file for file in last.glob("ci/*-values.yaml")}
    shapes = {name: Shape(last, name, f"bookstore-last-{name}", file=file) for name, file in files.items()}
    try:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(install, shapes.values()))
        yield shapes
    finally:
        kubectl(
            "delete", "namespace", *(each.namespace for each in shapes.values()), "--ignore-not-found", "--wait=false"
        )


def shape_of(file: Path) -> str:
    """Its name."""
    return file.name.removesuffix("-values.yaml")


def install(shape: Shape) -> None:
    """Make it with the last release's chart, and this checkout's image."""
    make_namespace(shape.namespace)
    if shape.environment == "selling":
        literals = (f"--from-literal={name}={base64.b64encode(b'not-a-secret' * 3).decode()}" for name in PAYMENT)
        secret(shape.namespace, "shop-payment", *literals)
    program = COMPLETE.get(shape.environment, "helm")
    wait = ["--wait", "--timeout=5m"] if program == "helm3" else shape.arguments
    run(program, "install", shape.name, str(shape.chart), "-n", shape.namespace, *shape.values, *wait)


@pytest.mark.parametrize("name", [shape_of(file) for file in SHAPES])
def test_it_works_and_restarts_no_more_than_it_must(name: str, shapes: dict[str, Shape], chart: Path) -> None:
    if name not in shapes:
        pytest.skip("the last release has no such shape")
    old = shapes[name]
    new = replace(old, chart=chart)
    before, was = old.running(), old.templates()
    run("helm", "upgrade", new.name, str(chart), "-n", new.namespace, *new.values, *new.arguments)
    will = new.templates()
    kept = {part for part, template in was.items() if will.get(part) == template}
    after = new.running()
    print(f"{name}: new pods of {sorted(was.keys() - kept)}, the same of {sorted(kept)}")  # noqa: T201  # with -rP
    assert {part: after.get(part) for part in kept} == {part: before.get(part) for part in kept}
    if new.is_complete:
        assert not new.restarts()
        assert "FAIL" not in new.execute("bookstore", "doctor")
        assert new.helm("test", "--timeout=5m").count("Phase:          Succeeded") >= 2
    # The node has better things to do than to run it until the last of them is over.
    kubectl("delete", "namespace", new.namespace, "--wait=false")
