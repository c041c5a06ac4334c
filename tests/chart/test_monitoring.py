"""Alerts: each has a runbook, and speaks of metrics that the shop has."""

import json
import re

import httpx
import pytest
import yaml

from tests.chart.rendering import CHART, ENVIRONMENTS, ROOT, Chart
from tests.databases import Databases
from tests.servers import serve

ALERTS = sorted((CHART / "alerts").rglob("*.yaml"))
OBJECTIVES = sorted((CHART / "objectives").glob("*.yaml"))
DASHBOARDS = sorted((CHART / "dashboards").glob("*.json"))
RUNBOOKS = ROOT / "docs/runbooks"


@pytest.fixture(scope="module")
def metrics(databases: Databases, sample: str) -> str:
    """What a running shop says to a scraper, after a request."""
    with serve(databases.environment(sample)) as server:
        assert httpx.get(server.url).status_code == 200
        return httpx.get(server.metrics_url).text


def test_every_metric_that_is_named_exists(metrics: str) -> None:
    names = {
        name
        for path in [*ALERTS, *OBJECTIVES, *DASHBOARDS]
        for name in re.findall(r"\bbookstore_\w+", path.read_text())
    }
    assert names
    assert [name for name in names if not re.search(rf"^{name}[{{ ]", metrics, flags=re.MULTILINE)] == []


def test_every_label_of_an_alert_exists(metrics: str) -> None:
    labels = {"status", "route", "version"}
    assert all(f'{label}="' in metrics for label in labels)


def test_every_alert_has_a_runbook_of_its_name() -> None:
    assert {alert.stem for alert in ALERTS} == {page.stem for page in RUNBOOKS.glob("Bookstore*.md")}
    for alert in ALERTS:
        content = yaml.safe_load(alert.read_text())
        assert content["alert"] == alert.stem
        assert {"backup": "$backup", "schedules": "$schedule", "objectives": "$release"}.get(
            alert.parent.name, "$selector"
        ) in content["expr"]
        assert content["labels"]["severity"] in {"critical", "warning"}


def test_the_dashboard_is_found_and_whole(chart: Chart) -> None:
    config = chart.render(values={"dashboard": {"enabled": True}}).one("ConfigMap", "-dashboard")
    assert config["metadata"]["labels"]["grafana_dashboard"] == "1"
    ((name, text),) = config["data"].items()
    assert name == "shop-bookstore-bookstore.json"
    dashboard = json.loads(text)
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"]) == 16


def test_an_objective_counts_the_same_in_rules_and_in_the_dashboard() -> None:
    budgets = {"availability": "0.001", "latency": "0.01"}
    assert {path.stem for path in OBJECTIVES} == set(budgets)
    (dashboard,) = DASHBOARDS
    burns = [path.read_text() for path in (CHART / "alerts/objectives").glob("*.yaml")]
    for text in (*burns, json.dumps(json.loads(dashboard.read_text()), ensure_ascii=False).replace("\\", "")):
        for slo, budget in re.findall(r'slo="(\w+)"\} (?:> (?:[\d.]+ \* )?|/ )([\d.]+)', text):
            assert budget == budgets[slo]
        assert 'slo="' in text


def test_the_rule_speaks_of_this_release_alone(chart: Chart) -> None:
    (file,) = [file for file in ENVIRONMENTS if file.stem == "prod"]
    render = chart.render(file)
    (rule,) = render.all("PrometheusRule")
    rules = [one for group in rule["spec"]["groups"] for one in group["rules"]]
    assert {one["alert"] for one in rules if "alert" in one} == {alert.stem for alert in ALERTS}
    services = [
        each["metadata"]["name"] for each in render.all("Service") if each["metadata"]["name"].endswith("metrics")
    ]
    for one in rules:
        assert "record" in one or (ROOT / one["annotations"]["runbook_url"]).is_file()
        patterns = set(re.findall(r'service=~"([^"]+)"', one["expr"]))
        assert all(re.fullmatch(pattern, name) for pattern in patterns for name in services)
        assert patterns or re.search(
            'cronjob(="shop-bookstore-backup"|=~"shop-bookstore-cart-purge[|])|release="shop-bookstore"', one["expr"]
        )
        assert one["expr"].count("{") == one["expr"].count('{namespace="shop"')
