"""Flux gets a HelmRelease for each environment, whose values are values/ENVIRONMENT.yaml and what it runs."""

import re
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import yaml

from tests.chart.checks import DEFAULTS
from tests.chart.rendering import ENVIRONMENTS, ROOT, Chart, Object, merged
from tests.deploy.checking import check, load
from tests.deploy.repository import Repository

SYNC = load(ROOT / "deploy/flux/sync.yaml")
KUSTOMIZATIONS = [each for each in SYNC if each["kind"] == "Kustomization"]
every_environment = pytest.mark.parametrize("environment", [file.stem for file in ENVIRONMENTS])
Built = Callable[[str], dict[str, Object]]


@pytest.fixture(scope="session")
def built(kubectl: str, promoted: Repository) -> Built:
    """What kustomize makes of an environment, by kind; as Flux does, it reads files of the whole repository."""

    @cache
    def build(environment: str) -> dict[str, Object]:
        folder = promoted.folder / "deploy/flux" / environment
        command = [kubectl, "kustomize", "--load-restrictor", "LoadRestrictionsNone", str(folder)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        objects = list(yaml.safe_load_all(done.stdout))
        assert len({each["kind"] for each in objects}) == len(objects)
        return {each["kind"]: each for each in objects}

    return build


def seconds(duration: str) -> int:
    """Of a duration such as 15m."""
    number, unit = re.fullmatch(r"(\d+)([sm])", duration).groups()  # type: ignore[union-attr]
    return int(number) * {"s": 1, "m": 60}[unit]


def test_flux_follows_each_environment() -> None:
    for each in SYNC:
        check(each)
    folders = [Path(each["spec"]["path"]) for each in KUSTOMIZATIONS]
    assert sorted(folder.name for folder in folders) == [file.stem for file in ENVIRONMENTS]
    assert all((ROOT / folder / "kustomization.yaml").exists() for folder in folders)


@every_environment
def test_an_environment_is_what_flux_takes(environment: str, built: Built) -> None:
    objects = built(environment)
    assert set(objects) == {"ConfigMap", "HelmRelease", "Namespace", "OCIRepository"}
    for each in objects.values():
        check(each)
        home = each["metadata"]["name" if each["kind"] == "Namespace" else "namespace"]
        assert home == f"bookstore-{environment}"


@every_environment
def test_it_renders_what_helm_renders(environment: str, built: Built, promoted: Repository, chart: Chart) -> None:
    objects = built(environment)
    values, spec = objects["ConfigMap"], objects["HelmRelease"]["spec"]
    version, digest = promoted.runs(environment)
    assert objects["OCIRepository"]["spec"]["ref"] == {"tag": version}
    assert spec["valuesFrom"] == [{"kind": "ConfigMap", "name": values["metadata"]["name"]}]
    given = merged(yaml.safe_load(values["data"]["values.yaml"]), spec["values"])
    made = chart.render(values=given, release=spec["releaseName"])
    image = {"registry": "registry.example.org", "digest": digest}
    assert not made.error, made.error
    assert made.output == chart.render(ROOT / f"values/{environment}.yaml", values={"image": image}).output


@every_environment
def test_nobody_gives_up_before_the_one_below_has(environment: str, built: Built) -> None:
    (above,) = [each for each in KUSTOMIZATIONS if each["metadata"]["name"] == f"bookstore-{environment}"]
    release = seconds(built(environment)["HelmRelease"]["spec"]["timeout"])
    assert DEFAULTS["web"]["progressDeadlineSeconds"] < release < seconds(above["spec"]["timeout"])


def test_both_ways_lead_to_the_same_places() -> None:
    flux = (ROOT / "deploy/flux").rglob("*.yaml")
    argo = (ROOT / "deploy/argocd").rglob("*.yaml")
    places = [
        {
            address.removesuffix("/bookstore")
            for file in files
            for address in re.findall(r"(?:https://git|(?:oci://)?registry)\.example\.org\S*", file.read_text())
        }
        for files in (flux, argo)
    ]
    assert {address.removeprefix("oci://") for address in places[0]} == places[1]
