"""Whatever an object names is there: in every values file."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chart.rendering import FILES, Chart, Object, Render, containers, generated_keys, identity, named, selects

every_file = pytest.mark.parametrize("file", FILES, ids=named)
Rendered = Callable[[Path], Render]


@every_file
def test_selectors_find_exactly_their_pods(file: Path, rendered: Rendered) -> None:
    render = rendered(file)
    pods = list(render.pods())
    for each in render.all("Deployment", "StatefulSet"):
        found = [
            identity(owner) for owner, template in pods if selects(each["spec"]["selector"]["matchLabels"], template)
        ]
        assert found == [identity(each)]
    for each in render.all("Service"):
        assert sum(selects(each["spec"]["selector"], template) for _, template in pods) == 1, identity(each)
    for each in render.all("PodDisruptionBudget"):
        assert sum(selects(each["spec"]["selector"]["matchLabels"], template) for _, template in pods) == 1


@every_file
def test_ports_are_those_of_the_pods(file: Path, rendered: Rendered) -> None:
    render = rendered(file)
    for service in render.all("Service"):
        (template,) = [template for _, template in render.pods() if selects(service["spec"]["selector"], template)]
        ports = {port["name"] for each in containers(template) for port in each.get("ports", [])}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports
    for _, template in render.pods():
        for each in containers(template):
            ports = {port["name"] for port in each.get("ports", [])}
            for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
                if "httpGet" in each.get(probe, {}):
                    assert each[probe]["httpGet"]["port"] in ports


@every_file
def test_routes_lead_to_services(file: Path, rendered: Rendered) -> None:
    render = rendered(file)
    ports = {each["metadata"]["name"]: each["spec"]["ports"] for each in render.all("Service")}
    for ingress in render.all("Ingress"):
        for rule in ingress["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                service = path["backend"]["service"]
                assert service["port"]["name"] in [port["name"] for port in ports[service["name"]]]
    for route in render.all("HTTPRoute"):
        for rule in route["spec"]["rules"]:
            for backend in rule["backendRefs"]:
                assert backend["port"] in [port["port"] for port in ports[backend["name"]]]


@every_file
def test_autoscalers_own_the_number_of_pods(file: Path, rendered: Rendered) -> None:
    render = rendered(file)
    targets = {each["spec"]["scaleTargetRef"]["name"]: each for each in render.all("HorizontalPodAutoscaler")}
    for deployment in render.all("Deployment"):
        scaler = targets.pop(deployment["metadata"]["name"], None)
        assert ("replicas" in deployment["spec"]) == (scaler is None)
        if scaler:
            first = deployment["spec"]["template"]["spec"]["containers"][0]
            assert first["resources"]["requests"]["cpu"]
    assert targets == {}
    for budget in render.all("PodDisruptionBudget"):
        spec = budget["spec"]
        assert ("minAvailable" in spec) != ("maxUnavailable" in spec)


@every_file
def test_what_pods_read_is_there(file: Path, rendered: Rendered) -> None:
    render = rendered(file)
    given = {identity(each): set(each.get("data", {})) | set(each.get("stringData", {})) for each in render.objects}
    generated = generated_keys(render)
    outside = set(re.findall(r"existingSecret: ([-\w]+), key: ([-.\w]+)", file.read_text()))
    outside |= {(secret, key) for secret, _ in outside for key in re.findall(r"usernameKey: (\w+)", file.read_text())}
    for owner, template in render.pods():
        spec = template["spec"]
        mounted = {volume["name"] for volume in spec.get("volumes", [])}
        for each in containers(template):
            used = {mount["name"] for mount in each.get("volumeMounts", [])}
            assert used <= mounted | {"data"}, identity(owner)
            for source in each.get("envFrom", []):
                assert ("ConfigMap", source["configMapRef"]["name"]) in given
        for volume in spec.get("volumes", []):
            for source in volume.get("projected", {}).get("sources", []):
                name = source["secret"]["name"]
                for item in source["secret"]["items"]:
                    known = given.get(("Secret", name), set())
                    assert item["key"] in known or (name, item["key"]) in generated | outside, (name, item)
            if "configMap" in volume:
                assert ("ConfigMap", volume["configMap"]["name"]) in given
            if "secret" in volume:
                name = volume["secret"]["secretName"]
                assert ("Secret", name) in given or any(secret == name for secret, _ in generated)
        account = spec.get("serviceAccountName", "default")
        assert account == "default" or ("ServiceAccount", account) in given


@every_file
def test_hooks_come_after_what_they_need(file: Path, rendered: Rendered) -> None:
    hooks = {identity(each): each for each in rendered(file).objects if "helm.sh/hook" in annotations(each)}
    for each in hooks.values():
        if each["kind"] != "Job" or annotations(each)["helm.sh/hook"] == "test":
            continue
        spec = each["spec"]["template"]["spec"]
        needed = [("ServiceAccount", spec["serviceAccountName"])]
        needed += [
            ("ConfigMap", source["configMapRef"]["name"])
            for one in containers(each["spec"]["template"])
            for source in one.get("envFrom", [])
        ]
        for need in needed:
            assert need in hooks, f"{identity(each)} runs before the release's {need}"
            assert weight(hooks[need]) < weight(each)


def annotations(each: Object) -> dict[str, str]:
    return dict(each["metadata"].get("annotations") or {})


def weight(each: Object) -> int:
    return int(annotations(each)["helm.sh/hook-weight"])


@every_file
def test_a_scraper_finds_the_metrics(file: Path, rendered: Rendered) -> None:
    render = rendered(file)
    for monitor in render.all("ServiceMonitor"):
        wanted = monitor["spec"]["selector"]["matchLabels"].items()
        services = [each for each in render.all("Service") if wanted <= each["metadata"]["labels"].items()]
        assert len(services) == len(render.all("Deployment"))
        for each in services:
            assert [port["name"] for port in each["spec"]["ports"]] == [monitor["spec"]["endpoints"][0]["port"]]


def test_names_of_the_bundled_database_are_followed(chart: Chart) -> None:
    for values in ({"fullnameOverride": "db"}, {"nameOverride": "pg"}):
        render = chart.render(values={"postgresql": values})
        (database,) = render.all("StatefulSet")
        name = database["metadata"]["name"]
        config = next(each for each in render.all("ConfigMap") if "BOOKSTORE_SURFACE" in each.get("data", {}))
        assert config["data"]["DATABASE_HOST"] == name
        assert (name, "app-password") in generated_keys(render)
        (template,) = [one for each, one in render.pods() if each["kind"] == "Deployment"]
        assert template["metadata"]["labels"][f"{name}-client"] == "true"
        policy = render.one("NetworkPolicy", "-all")["spec"]["egress"][-1]["to"][0]["podSelector"]["matchLabels"]
        assert selects(policy, database["spec"]["template"])
