"""What holds for every values file: the same bytes, names that fit, no collision, no needless restart."""

import re
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from tests.chart.checks import LONGEST_NAME, longest
from tests.chart.rendering import CHART, FILES, Chart, Render, identity, named, selects

LONGEST_RELEASE = "a" + "b" * 52
# A StatefulSet's pods carry its name and a hash in one label, so the database's chart needs a shorter one.
SHORT_DATABASE = {"postgresql": {"fullnameOverride": "db"}}

DASHBOARD = CHART / "dashboards/bookstore.json"
PLACEHOLDER = re.compile(r"\{\{\w+\}\}")

every_file = pytest.mark.parametrize("file", FILES, ids=named)
Rendered = Callable[[Path], Render]


@every_file
def test_twice_is_the_same(file: Path, chart: Chart, rendered: Rendered) -> None:
    assert chart.render(file).output == rendered(file).output


@every_file
def test_an_upgrade_is_the_same(file: Path, chart: Chart, rendered: Rendered) -> None:
    assert chart.render(file, arguments=("--is-upgrade",)).output == rendered(file).output


@every_file
def test_helm_3_gives_the_same(file: Path, chart: Chart, rendered: Rendered, helm3: str) -> None:
    assert chart.render(file, helm=helm3).documents == rendered(file).documents


@every_file
def test_ids_are_unique_across_hooks_and_objects(file: Path, rendered: Rendered) -> None:
    counted = Counter(identity(each) for each in rendered(file).objects)
    assert [one for one, count in counted.items() if count > 1] == []


@every_file
def test_no_template_text_is_left(file: Path, rendered: Rendered) -> None:
    output = rendered(file).output
    # Grafana's own placeholders look like Helm's.
    for placeholder in PLACEHOLDER.findall(DASHBOARD.read_text()):
        output = output.replace(placeholder, "")
    assert not re.search(r"\{\{|<no value>|%!|map\[", output)


@every_file
def test_names_fit_with_the_longest_release(file: Path, chart: Chart) -> None:
    for each in chart.render(file, release=LONGEST_RELEASE, values=SHORT_DATABASE).objects:
        kind, name = identity(each)
        assert len(name) <= longest(kind), (kind, name)
        for label in each["metadata"].get("labels", {}).values():
            assert len(label) <= LONGEST_NAME, (kind, name, label)


@every_file
def test_two_releases_in_a_namespace_do_not_collide(file: Path, chart: Chart) -> None:
    # Alike for longer than a name may be.
    extra = {"extraObjects": {"object": {"enabled": False}}}
    first, second = (
        chart.render(file, release=f"{'a' * 50}{end}", values=extra | {"postgresql": {"fullnameOverride": f"db-{end}"}})
        for end in ("xx", "yy")
    )
    same = {identity(each) for each in first.objects} & {identity(each) for each in second.objects}
    # Whoever writes the values names these.
    assert {(kind, name) for kind, name in same if kind != "ExternalSecret"} == set()
    for service in first.all("Service"):
        for _, template in second.pods():
            assert not selects(service["spec"]["selector"], template)


@every_file
def test_a_newer_chart_restarts_nothing(file: Path, chart: Chart, rendered: Rendered, tmp_path: Path) -> None:
    changed = copy_with_version(chart, tmp_path / "copy", "0.2.0")
    before = {identity(each): template for each, template in rendered(file).pods()}
    after = {identity(each): template for each, template in changed.render(file).pods()}
    assert before == after


def copy_with_version(chart: Chart, folder: Path, version: str) -> Chart:
    shutil.copytree(chart.folder, folder)
    text = (folder / "Chart.yaml").read_text()
    (folder / "Chart.yaml").write_text(re.sub(r"(?m)^version: .*$", f"version: {version}", text))
    return Chart(folder, chart.helm)


@every_file
def test_a_name_changes_with_the_content(file: Path, chart: Chart, rendered: Rendered) -> None:
    before = rendered(file)
    after = chart.render(file, values={"settings": {"CURRENCY": "EUR", "LOG_FORMAT": "json"}})
    for kind in ("ConfigMap", "Job"):
        old = {identity(each): each for each in before.all(kind)}
        for each in after.all(kind):
            same = old.get(identity(each))
            if same and each["metadata"].get("annotations", {}).get("helm.sh/hook") != "test":
                assert same.get("data") == each.get("data")
                assert same.get("spec") == each.get("spec")


@every_file
def test_the_output_is_kubernetes(file: Path, rendered: Rendered) -> None:
    # Kubernetes has no schema of what others define.
    custom = {"ExternalSecret", "HTTPRoute", "PrometheusRule", "ServiceMonitor"}
    for version in ("1.30", "1.34", "1.37"):
        for each in rendered(file).objects:
            if each["kind"] not in custom:
                kubernetes_validate.validate(each, version, strict=True)


def test_an_umbrella_chart_can_hold_it(chart: Chart, tmp_path: Path) -> None:
    (tmp_path / "charts").mkdir()
    (tmp_path / "charts/bookstore").symlink_to(chart.folder, target_is_directory=True)
    about = {
        "apiVersion": "v2",
        "name": "umbrella",
        "version": "1.0.0",
        "dependencies": [{"name": "bookstore", "version": "*", "condition": "bookstore.enabled"}],
    }
    (tmp_path / "Chart.yaml").write_text(yaml.safe_dump(about))
    umbrella = Chart(tmp_path, chart.helm)
    values = {"global": {"anything": {"goes": True}}, "bookstore": {"enabled": True}}
    assert umbrella.render(values=values).one("Deployment", "-all")
    off = umbrella.render(values={"bookstore": {"enabled": False}})
    assert not [each for each in off.objects if each["kind"] == "Deployment"]
