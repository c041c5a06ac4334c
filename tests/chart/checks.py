"""What holds for any values: each check takes a render and its values, the defaults included."""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from tests.chart.policies import (
    every_policy_covers_every_pod,
    the_cache_and_its_clients_may_meet,
    the_database_and_its_clients_may_meet,
)
from tests.chart.rendering import CHART, Object, Render, Values, containers, generated_keys, identity, merged, selects

LONGEST_NAME = 63
LONGEST_CRON_JOB = 52
RESTRICTED_VOLUMES = "configMap csi downwardAPI emptyDir ephemeral persistentVolumeClaim projected secret"
DEFAULTS: Values = yaml.safe_load((CHART / "values.yaml").read_text())


def with_defaults(values: Values) -> Values:
    """Values as the chart sees them."""
    return merged(DEFAULTS, values)


def values_of(file: Path) -> Values:
    """Those of a file."""
    return with_defaults(yaml.safe_load(file.read_text()) or {})


def provided_keys(render: Render, values: Values) -> set[tuple[str, str]]:
    """The Secrets and keys that the values take for granted, and those that the External Secrets Operator makes."""
    made = {each["spec"]["target"]["name"]: each["spec"]["data"] for each in render.all("ExternalSecret")}
    outside = {(secret, key) for secret, key in _named_keys(values) if secret not in made}
    return outside | {(secret, one["secretKey"]) for secret, data in made.items() for one in data}


def _named_keys(block: Any) -> set[tuple[str, str]]:
    if not isinstance(block, dict):
        return set()
    found = {pair for below in block.values() for pair in _named_keys(below)}
    if block.get("existingSecret") and "key" in block:
        found.add((block["existingSecret"], block["key"]))
    if block.get("usernameKey"):
        found.add((block["password"]["existingSecret"], block["usernameKey"]))
    return found


def annotations(each: Object) -> dict[str, str]:
    return dict(each["metadata"].get("annotations") or {})


def weight(each: Object) -> int:
    return int(annotations(each)["helm.sh/hook-weight"])


def ids_are_unique_and_fit(render: Render, values: Values) -> None:
    counted = Counter(identity(each) for each in render.objects)
    assert [one for one, count in counted.items() if count > 1 or len(one[1]) > longest(one[0])] == []


def longest(kind: str) -> int:
    """How long a name of this kind may be: a CronJob's Jobs add the time to theirs."""
    return LONGEST_CRON_JOB if kind == "CronJob" else LONGEST_NAME


def selectors_find_exactly_their_pods(render: Render, values: Values) -> None:
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


def ports_are_those_of_the_pods(render: Render, values: Values) -> None:
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


def routes_lead_to_services(render: Render, values: Values) -> None:
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


def autoscalers_own_the_number_of_pods(render: Render, values: Values) -> None:
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


def what_pods_read_is_there(render: Render, values: Values) -> None:
    given = {identity(each): set(each.get("data", {})) | set(each.get("stringData", {})) for each in render.objects}
    provided = generated_keys(render) | provided_keys(render, values)
    claims = {name for kind, name in given if kind == "PersistentVolumeClaim"}
    claims.add(values["backup"]["persistence"]["existingClaim"])
    for owner, template in render.pods():
        spec = template["spec"]
        mounted = {volume["name"] for volume in spec.get("volumes", [])}
        for each in containers(template):
            used = {mount["name"] for mount in each.get("volumeMounts", [])}
            assert used <= mounted | {"data"}, identity(owner)
            for source in each.get("envFrom", []):
                assert ("ConfigMap", source["configMapRef"]["name"]) in given
        for volume in spec.get("volumes", []):
            sources = volume.get("projected", {}).get("sources", [])
            for source in (each for each in sources if not each["secret"].get("optional")):
                name = source["secret"]["name"]
                for item in source["secret"]["items"]:
                    known = given.get(("Secret", name), set())
                    assert item["key"] in known or (name, item["key"]) in provided, (name, item)
            if "persistentVolumeClaim" in volume:
                assert volume["persistentVolumeClaim"]["claimName"] in claims
            if "configMap" in volume:
                assert ("ConfigMap", volume["configMap"]["name"]) in given
            if "secret" in volume:
                name = volume["secret"]["secretName"]
                assert ("Secret", name) in given or any(secret == name for secret, _ in provided)
        account = spec.get("serviceAccountName", "default")
        assert account == "default" or ("ServiceAccount", account) in given


def secrets_that_variables_name_are_there(render: Render, values: Values) -> None:
    provided = generated_keys(render) | provided_keys(render, values)
    provided |= {(each["metadata"]["name"], key) for each in render.all("Secret") for key in each.get("stringData", {})}
    for _, template in render.pods():
        for variable in (one for each in containers(template) for one in each.get("env", [])):
            if reference := variable.get("valueFrom", {}).get("secretKeyRef"):
                assert (reference["name"], reference["key"]) in provided


def hooks_come_after_what_they_need(render: Render, values: Values) -> None:
    hooks = {identity(each): each for each in render.objects if "helm.sh/hook" in annotations(each)}
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


def a_scraper_finds_the_metrics(render: Render, values: Values) -> None:
    for monitor in render.all("ServiceMonitor"):
        wanted = monitor["spec"]["selector"]["matchLabels"].items()
        services = [each for each in render.all("Service") if wanted <= each["metadata"]["labels"].items()]
        ports = [
            port for _, template in render.pods() for each in containers(template) for port in each.get("ports", [])
        ]
        assert len(services) == [port["name"] for port in ports].count("metrics")
        for each in services:
            assert [port["name"] for port in each["spec"]["ports"]] == [monitor["spec"]["endpoints"][0]["port"]]


def environment_names_and_mounts_are_unique(render: Render, values: Values) -> None:
    for _, template in render.pods():
        called = [each["name"] for each in containers(template)]
        assert len(called) == len(set(called))
        for each in containers(template):
            for names in (
                [one["name"] for one in each.get("env", [])],
                [one["mountPath"] for one in each.get("volumeMounts", [])],
            ):
                assert len(names) == len(set(names))


def the_kubelet_changes_no_command(render: Render, values: Values) -> None:
    """It reads `$$` as an escaped `$`, within a shell's or psql's text, too."""
    for owner, template in render.pods():
        for each in containers(template):
            words = [*each.get("command", []), *each.get("args", [])]
            assert not any("$$" in word for word in words), (identity(owner), each["name"])


def kubectl_takes_the_main_container(render: Render, values: Values) -> None:
    for owner, template in render.pods():
        # The bundled database's pods are its own chart's.
        if owner["metadata"]["labels"]["app.kubernetes.io/component"] != "primary":
            main = template["spec"]["containers"][0]["name"]
            assert annotations(template)["kubectl.kubernetes.io/default-container"] == main, identity(owner)


def no_image_moves_by_itself(render: Render, values: Values) -> None:
    for _, template in render.pods():
        for each in containers(template):
            assert re.search(r"(@sha256:[0-9a-f]{64}|:[^:/]*[0-9][^:/]*)$", each["image"]), each["image"]


def every_pod_is_restricted(render: Render, values: Values) -> None:
    for owner, template in render.pods():
        spec = template["spec"]
        pod = spec.get("securityContext", {})
        for host in ("hostNetwork", "hostPID", "hostIPC"):
            assert not spec.get(host)
        for volume in spec.get("volumes", []):
            assert set(volume) - {"name"} <= set(RESTRICTED_VOLUMES.split())
        talks = re.search(r"-(ensure-[0-9a-f]+|test-conformance)$", identity(owner)[1]) is not None
        assert spec.get("automountServiceAccountToken") is talks, identity(owner)
        for each in containers(template):
            own = each.get("securityContext", {})
            where = (identity(owner), each["name"])
            assert own.get("allowPrivilegeEscalation") is False, where
            assert own["capabilities"] == {"drop": ["ALL"]}, where
            assert not own.get("privileged"), where
            assert own.get("runAsNonRoot", pod.get("runAsNonRoot")) is True, where
            assert own.get("runAsUser", pod.get("runAsUser")) != 0, where
            assert own.get("seccompProfile", pod.get("seccompProfile"))["type"] in {"RuntimeDefault", "Localhost"}, (
                where
            )
            assert not any("hostPort" in port for port in each.get("ports", []))


def roles_are_small(render: Render, values: Values) -> None:
    """Each is bound to one account of its own name, wants nothing of everything, and reads Secrets by name alone."""
    accounts = {each["metadata"]["name"]: each for each in render.all("ServiceAccount")}
    bound = {each["roleRef"]["name"]: each["subjects"] for each in render.all("RoleBinding")}
    for role in render.all("Role"):
        name = role["metadata"]["name"]
        assert [(one["kind"], one["name"]) for one in bound.pop(name)] == [("ServiceAccount", name)]
        assert annotations(accounts[name]) == annotations(role)
        for rule in role["rules"]:
            assert "*" not in [*rule["apiGroups"], *rule["resources"], *rule["verbs"]]
            assert "secrets" not in rule["resources"] or "resourceNames" in rule or rule["verbs"] == ["create"]
    assert bound == {}
    assert not render.all("ClusterRole", "ClusterRoleBinding")


CHECKS: list[Callable[[Render, Values], None]] = [
    ids_are_unique_and_fit,
    selectors_find_exactly_their_pods,
    ports_are_those_of_the_pods,
    routes_lead_to_services,
    autoscalers_own_the_number_of_pods,
    what_pods_read_is_there,
    secrets_that_variables_name_are_there,
    hooks_come_after_what_they_need,
    a_scraper_finds_the_metrics,
    environment_names_and_mounts_are_unique,
    the_kubelet_changes_no_command,
    kubectl_takes_the_main_container,
    no_image_moves_by_itself,
    every_pod_is_restricted,
    every_policy_covers_every_pod,
    the_database_and_its_clients_may_meet,
    the_cache_and_its_clients_may_meet,
    roles_are_small,
]
