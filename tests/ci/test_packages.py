"""The wheel and the chart that a release publishes, and what a change does to the objects of each environment."""

import sys
from hashlib import sha256
from pathlib import Path

import pytest
import yaml

from tests.chart.conftest import missing
from tests.chart.rendering import program
from tests.ci.conftest import Repository
from tests.ci.test_release import FIRST


@pytest.fixture(autouse=True)
def helm() -> str:
    """Helm 4.3 or newer, by the name that the scripts call it."""
    found = program("helm", "HELM")
    if found is None:
        missing("helm is not on PATH")
    return str(found)


REGISTRY = "registry.example.org/shop"


def packaged(repository: Repository, umask: str, **environment: str) -> dict[str, str]:
    """The checksum of each package of its commit."""
    command = ["sh", "-c", f"umask {umask}; exec ci/package"]
    repository.output(*command, PYTHON=sys.executable, REGISTRY=REGISTRY, **environment)
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in (repository.folder / "dist").iterdir()}


def test_packages_are_the_same_bytes_from_any_clone(repository: Repository, helm: str, tmp_path: Path) -> None:
    first = packaged(repository, umask="022", TZ="UTC")
    chart = f"bookstore-{FIRST}.tgz"
    assert set(first) == {chart, f"bookstore-{FIRST}-py3-none-any.whl"}
    other = Repository(tmp_path / "somewhere/else")
    repository.git("clone", "--quiet", str(repository.folder), str(other.folder))
    # What is not in the commit is not in the packages.
    other.write("charts/bookstore/templates/stray.yaml", "kind: Stray")
    other.write("app/bookstore/stray.py", "")
    assert packaged(other, umask="077", TZ="Asia/Tokyo") == first
    self_contained(other, helm, f"dist/{chart}")


def self_contained(repository: Repository, helm: str, chart: str) -> None:
    """The chart says where its image is."""
    rendered = repository.output(helm, "template", "shop", chart, "--show-only", "templates/web/deployment.yaml")
    image = yaml.safe_load(rendered)["spec"]["template"]["spec"]["containers"][0]["image"]
    assert image == f"{REGISTRY}/bookstore:{FIRST}"
    about = yaml.safe_load(repository.output(helm, "show", "chart", chart))
    assert f"image: {image}\n" in about["annotations"]["artifacthub.io/images"]


def test_a_change_is_shown_for_each_environment(repository: Repository) -> None:
    repository.replace("values/dev.yaml", "Bookstore (development)", "A ``` is no fence")
    repository.commit()
    shown = repository.output("ci/rendered-diff", "HEAD~1")
    assert shown.startswith("## What changes in each environment")
    sections = dict(each.split("\n", 1) for each in shown.split("\n### ")[1:])
    assert {name: each.strip() == "Nothing." for name, each in sections.items()} == {
        "dev": False,
        "prod": True,
        "staging": True,
    }
    before, diff, _ = sections["dev"].split("``````")
    assert "lines more" in before
    assert "\n-  SHOP_NAME: Bookstore (development)\n" in diff
    assert "\n+  SHOP_NAME: A ``` is no fence\n" in diff
