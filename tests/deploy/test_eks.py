"""The values for EKS, each and all of them on top of production's, are held to what every values file is held to."""

from functools import cache
from typing import Any

import pytest
import yaml

from bookstore.config import Settings
from tests.chart.checks import CHECKS, values_of, with_defaults
from tests.chart.rendering import ROOT, Chart, Render, containers, merged
from tests.deploy.checking import check, load

PROD = ROOT / "values/prod.yaml"
PRESETS = {file.stem: (file,) for file in sorted((ROOT / "deploy/eks/values").glob("*.yaml"))}
ALL = tuple(file for files in PRESETS.values() for file in files)


@pytest.fixture(scope="session")
def eks(chart: Chart) -> Any:
    """A function that renders presets on top of production, once."""
    return cache(lambda files: chart.render(PROD, *files))


@pytest.fixture
def whole(eks: Any) -> Render:
    """With all of them."""
    made: Render = eks(ALL)
    return made


def attributes(text: str) -> dict[str, str]:
    """Of a load balancer or a target group."""
    return dict(pair.split("=", 1) for pair in text.split(","))


@pytest.mark.parametrize("files", [*PRESETS.values(), ALL], ids=[*PRESETS, "all"])
def test_each_keeps_every_rule(files: Any, eks: Any) -> None:
    values = yaml.safe_load(PROD.read_text())
    for file in files:
        values = merged(values, yaml.safe_load(file.read_text()))
    render = eks(files)
    for rule in CHECKS:
        rule(render, with_defaults(values))


def test_the_whole_is_kubernetes_and_external_secrets(whole: Render) -> None:
    for each in whole.objects:
        if each["kind"] not in {"PrometheusRule", "ServiceMonitor"}:
            check(each)


def test_secrets_come_from_a_store_that_serves_this_namespace(whole: Render) -> None:
    (store,) = load(ROOT / "deploy/eks/cluster-secret-store.yaml")
    check(store)
    assert store["spec"]["conditions"] == [{"namespaces": ["bookstore-prod"]}]
    made = {each["spec"]["target"]["name"]: each["spec"] for each in whole.all("ExternalSecret")}
    assert set(made) == {"bookstore", "bookstore-database"}
    for spec in made.values():
        assert spec["secretStoreRef"] == {"kind": "ClusterSecretStore", "name": store["metadata"]["name"]}


def test_the_load_balancer_lets_go_of_a_pod_before_the_pod_does(whole: Render) -> None:
    (ingress,) = whole.all("Ingress")
    notes = {
        name.removeprefix("alb.ingress.kubernetes.io/"): value
        for name, value in ingress["metadata"]["annotations"].items()
    }
    assert ingress["spec"]["ingressClassName"] == "alb"
    assert notes["target-type"] == "ip"
    web = [
        each["spec"]["template"]["spec"] for each in whole.all("Deployment") if "-cache" not in str(each["metadata"])
    ]
    assert len(web) == 2
    lifecycle = values_of(ROOT / "deploy/eks/values/ingress.yaml")["web"]["lifecycle"]
    draining = int(attributes(notes["target-group-attributes"])["deregistration_delay.timeout_seconds"])
    assert draining == lifecycle["preStopSleepSeconds"] + lifecycle["gracefulTimeoutSeconds"]
    for pod in web:
        first = pod["containers"][0]
        assert first["livenessProbe"]["httpGet"]["path"] == notes["healthcheck-path"]
        assert first["lifecycle"]["preStop"]["sleep"]["seconds"] == lifecycle["preStopSleepSeconds"]
        assert draining < pod["terminationGracePeriodSeconds"]
    idle = int(attributes(notes["load-balancer-attributes"])["idle_timeout.timeout_seconds"])
    assert idle < Settings.model_fields["keepalive_seconds"].default


def test_only_the_load_balancer_s_subnets_come_in(whole: Render) -> None:
    for name in ("-api", "-storefront"):
        rules = whole.one("NetworkPolicy", name)["spec"]["ingress"]
        peers = [peer for rule in rules if rule["ports"][0]["port"] == "http" for peer in rule["from"]]
        assert {"ipBlock": {"cidr": "10.20.0.0/18"}} in peers
        assert all("namespaceSelector" not in peer for peer in peers)


def test_only_backups_have_a_role_of_aws(whole: Render) -> None:
    roles = {
        each["metadata"]["name"]: each["metadata"]["annotations"]["eks.amazonaws.com/role-arn"]
        for each in whole.all("ServiceAccount")
        if "eks.amazonaws.com/role-arn" in each["metadata"].get("annotations", {})
    }
    assert list(roles) == ["shop-bookstore-backup"]
    assert not whole.all("PersistentVolumeClaim")


def test_the_database_s_certificate_and_name_are_checked(whole: Render) -> None:
    told = [each["data"] for each in whole.all("ConfigMap") if "DATABASE_HOST" in each.get("data", {})]
    assert told
    for data in told:
        assert data["DATABASE_HOST"].endswith(".rds.amazonaws.com")
        assert data["DATABASE_SSLMODE"] == "verify-full"
        assert data["DATABASE_SSLROOTCERT"]


def test_nodes_can_go_and_what_must_finish_does(whole: Render) -> None:
    """What docs/how-to/cluster-autoscaling.md says of the pods."""
    budgets = whole.all("PodDisruptionBudget")
    assert len(budgets) == len(whole.all("HorizontalPodAutoscaler")) == 2
    for each in budgets:
        assert each["spec"]["maxUnavailable"] == 1
        assert each["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow"
    stay = []
    for owner, template in whole.pods():
        notes = template["metadata"].get("annotations", {})
        for each in containers(template):
            assert {"cpu", "memory"} <= set(each["resources"]["requests"])
        excused = notes.get("cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes", "").split(",")
        local = [
            volume["name"]
            for volume in template["spec"]["volumes"]
            if "hostPath" in volume or ("emptyDir" in volume and volume["emptyDir"].get("medium") != "Memory")
        ]
        if notes.get("karpenter.sh/do-not-disrupt") == "true":
            assert notes["cluster-autoscaler.kubernetes.io/safe-to-evict"] == "false"
            assert owner["kind"] in {"CronJob", "Job"}
            stay.append(template["spec"]["containers"][0]["name"])
        else:
            assert set(local) <= set(excused), owner["metadata"]["name"]
    assert set(stay) == {"backup", "migrate", "restore"}
    for each in whole.all("Deployment"):
        spread = each["spec"]["template"]["spec"].get("topologySpreadConstraints", [])
        if not each["metadata"]["name"].endswith("-cache"):
            assert {one["topologyKey"] for one in spread} == {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}
            assert {one["whenUnsatisfiable"] for one in spread} == {"ScheduleAnyway"}
