"""Argo CD gets an Application for each environment, and makes of it what Helm makes of values/ENVIRONMENT.yaml."""

from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.chart.rendering import CHART, ENVIRONMENTS, ROOT, Chart, Object, named
from tests.deploy.checking import check, load
from tests.deploy.repository import Repository

ARGOCD = ROOT / "deploy/argocd"
(PROJECT,) = load(ARGOCD / "project.yaml")
(SET,) = load(ARGOCD / "applicationset.yaml")
every_environment = pytest.mark.parametrize("environment", [file.stem for file in ENVIRONMENTS])


def go_template(helm: str, folder: Path, template: Any, given: list[dict[str, Any]]) -> list[Any]:
    """What Go makes of a template with each of these as its dot: Helm has the engine and the functions of Argo CD."""
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text(yaml.safe_dump({"apiVersion": "v2", "name": "argo", "version": "1.0.0"}))
    text = yaml.safe_dump(template, width=1000)
    (folder / "templates/all.yaml").write_text("{{ range .Values.given }}\n---\n" + text + "{{ end }}\n")
    done = Chart(folder, helm).render(values={"given": given})
    assert not done.error, done.error
    return [each for each in yaml.safe_load_all(done.output) if each]


@pytest.fixture(scope="session")
def applications(helm: str, promoted: Repository, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Object]:
    """The Application of each environment, as the ApplicationSet's controller makes it."""
    (generator,) = [each["git"] for each in SET["spec"]["generators"]]
    (pattern,) = [each["path"] for each in generator["files"]]
    given = [
        {**yaml.safe_load(path.read_text()), "path": {"filename": path.name}}
        for path in sorted(promoted.folder.glob(pattern))
    ]
    folder = tmp_path_factory.mktemp("argo")
    values = go_template(helm, folder / "values", generator["values"], given)
    whole = [{**one, "values": more} for one, more in zip(given, values, strict=True)]
    made = go_template(helm, folder / "template", SET["spec"]["template"], whole)
    return {one["environment"]: application for one, application in zip(values, made, strict=True)}


def test_what_is_there_is_what_argo_cd_takes() -> None:
    for each in (PROJECT, SET):
        check(each)


def test_there_is_none_for_an_environment_without_a_release(repository: Repository) -> None:
    (generator,) = SET["spec"]["generators"]
    (without,) = generator["selector"]["matchExpressions"]
    assert (without["key"], without["operator"]) == ("data.digest", "NotIn")
    assert {repository.runs(file.stem)[1] for file in ENVIRONMENTS} == set(without["values"])


@every_environment
def test_there_is_an_application(environment: str, applications: dict[str, Object]) -> None:
    made = applications[environment]
    check({"apiVersion": SET["apiVersion"], "kind": "Application", **made})
    assert made["metadata"]["name"] == f"bookstore-{environment}"
    assert made["spec"]["destination"]["namespace"] == f"bookstore-{environment}"


@every_environment
def test_the_project_lets_it_be(environment: str, applications: dict[str, Object]) -> None:
    spec, allowed = applications[environment]["spec"], PROJECT["spec"]
    assert spec["project"] == PROJECT["metadata"]["name"]
    assert {source["repoURL"] for source in spec["sources"]} == set(allowed["sourceRepos"])
    assert [
        each
        for each in allowed["destinations"]
        if each["server"] == spec["destination"]["server"]
        and fnmatch(spec["destination"]["namespace"], each["namespace"])
    ]


@every_environment
def test_it_renders_what_helm_renders(
    environment: str, applications: dict[str, Object], promoted: Repository, chart: Chart
) -> None:
    source, git = applications[environment]["spec"]["sources"]
    helm = source["helm"]
    version, digest = promoted.runs(environment)
    assert source["targetRevision"] == version
    files = [promoted.folder / path.removeprefix(f"${git['ref']}/") for path in helm["valueFiles"]]
    made = chart.render(*files, values=helm["valuesObject"], release=helm["releaseName"])
    image = {"registry": "registry.example.org", "digest": digest}
    assert not made.error, made.error
    assert made.output == chart.render(ROOT / f"values/{environment}.yaml", values={"image": image}).output


@pytest.mark.parametrize("file", [*ENVIRONMENTS, CHART / "ci/gateway-values.yaml"], ids=named)
def test_argo_cd_may_make_every_object_and_knows_every_hook(file: Path, chart: Chart) -> None:
    allowed = {(each["group"], each["kind"]) for each in PROJECT["spec"]["namespaceResourceWhitelist"]}
    for each in chart.render(file).objects:
        group, _, _ = each["apiVersion"].rpartition("/")
        assert (group, each["kind"]) in allowed
        notes = each["metadata"].get("annotations", {})
        # One hook of Argo CD's own would make it ignore Helm's.
        assert not [name for name in notes if name.startswith("argocd.argoproj.io/")]
        if "helm.sh/hook" in notes:
            # It applies hooks where Helm creates them: one that is left over must go first.
            assert notes["helm.sh/hook"] in ("pre-install,pre-upgrade", "test")
            assert "before-hook-creation" in notes["helm.sh/hook-delete-policy"]
