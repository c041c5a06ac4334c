"""Every knob reaches every workload, from `workload` and from the workload's own key, which wins."""

from typing import Any

import pytest

from tests.chart.rendering import Chart, Object, Render, merged

# What makes each workload appear, where its knobs are, and the object that it becomes.
WORKLOADS = {
    "surface": ("surfaces.all", "Deployment", "-all"),
    "web": ("web", "Deployment", "-all"),
    "migrations": ("migrations", "Job", "-migrate-"),
    "backup": ("backup", "CronJob", "-backup"),
    "restore": ("backup", "CronJob", "-restore"),
    "schedule": ("schedules.cart-purge", "CronJob", "-cart-purge"),
    "cronJob": ("cronJob", "CronJob", "-cart-purge"),
    "sandbox": ("payment.sandbox", "Deployment", "-sandbox-payments"),
    "cache": ("cache.valkey", "Deployment", "-cache"),
    "secretCreation": ("secretCreation", "Job", "-ensure-"),
    "tests": ("tests", "Job", "-test-database"),
}
EVERYTHING: dict[str, Any] = {
    "backup": {"enabled": True},
    "cache": {"valkey": {"enabled": True}},
    "payment": {"provider": "sandbox", "sandbox": {"enabled": True}},
}
# A knob, a value, and where it must be found.
KNOBS: list[tuple[str, Any, str]] = [
    ("labels", {"a": "b"}, "metadata.labels.a"),
    ("annotations", {"a": "b"}, "metadata.annotations.a"),
    ("podLabels", {"a": "b"}, "pod.metadata.labels.a"),
    ("podAnnotations", {"a": "b"}, "pod.metadata.annotations.a"),
    ("nodeSelector", {"a": "b"}, "pod.spec.nodeSelector.a"),
    ("tolerations", [{"key": "a"}], "pod.spec.tolerations"),
    ("affinity", {"nodeAffinity": {}}, "pod.spec.affinity"),
    ("topologySpreadConstraints", [{"maxSkew": 2}], "pod.spec.topologySpreadConstraints"),
    ("priorityClassName", "a", "pod.spec.priorityClassName"),
    ("runtimeClassName", "a", "pod.spec.runtimeClassName"),
    ("schedulerName", "a", "pod.spec.schedulerName"),
    ("hostAliases", [{"ip": "10.0.0.1"}], "pod.spec.hostAliases"),
    ("dnsConfig", {"nameservers": ["10.0.0.1"]}, "pod.spec.dnsConfig.nameservers"),
    ("podSecurityContext", {"runAsUser": 2}, "pod.spec.securityContext.runAsUser"),
    ("containerSecurityContext", {"runAsUser": 2}, "container.securityContext.runAsUser"),
    ("resources", {"limits": {"memory": "1Gi"}}, "container.resources.limits.memory"),
    ("env", {"A": "b"}, "container.env"),
    ("volumes", {"v": {"mountPath": "/v", "spec": {"emptyDir": {}}}}, "container.volumeMounts"),
    ("sidecars", {"s": {"image": "s:1"}}, "pod.spec.containers"),
    ("initContainers", {"i": {"image": "i:1"}}, "pod.spec.initContainers"),
    ("tmpSize", "1Mi", "pod.spec.volumes"),
    ("sharedMemorySize", "1Mi", "pod.spec.volumes"),
]
EXPECTED: dict[str, Any] = {
    # Beside its own options.
    "dnsConfig": "10.0.0.1",
    "env": {"name": "A", "value": "b"},
    "volumes": {"name": "v", "mountPath": "/v"},
    "sidecars": {"name": "s", "image": "s:1"},
    "initContainers": {"name": "i", "image": "i:1"},
    "tmpSize": {"name": "tmp", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}},
    "sharedMemorySize": {"name": "shared-memory", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}},
}


def nested(path: str, value: Any) -> dict[str, Any]:
    for key in reversed(path.split(".")):
        value = {key: value}
    return dict(value)


def found_at(render: Render, kind: str, part: str, path: str) -> Any:
    (each,) = [one for one in render.all(kind) if part in one["metadata"]["name"]]
    (template,) = [template for owner, template in render.pods() if owner is each]
    top: dict[str, Object] = {
        "metadata": each["metadata"],
        "pod": template,
        "container": template["spec"]["containers"][0],
    }
    found: Any = top
    for key in path.split("."):
        found = found[key]
    return found


def holds(found: Any, knob: str, value: Any) -> bool:
    if knob in EXPECTED:
        return EXPECTED[knob] in found
    if isinstance(found, list):
        return bool(value[0] in found)
    while isinstance(value, dict) and not isinstance(found, dict):
        (value,) = value.values()
    return bool(found == value)


def test_the_table_has_every_knob(chart: Chart) -> None:
    from ci import chart as maker

    (workload,) = [value for value in maker.read() if value.path == ("workload",)]
    assert {knob for knob, _, _ in KNOBS} == {child.path[-1] for child in workload.children}
    assert chart


@pytest.mark.parametrize("workload", WORKLOADS)
def test_every_knob_reaches_a_workload(workload: str, chart: Chart) -> None:
    path, kind, part = WORKLOADS[workload]
    for where in ("workload", path):
        values: dict[str, Any] = {}
        for knob, value, _ in KNOBS:
            values = merged(values, nested(f"{where}.{knob}", value))
        if where == "workload":
            # These have resources of their own, which win.
            own: dict[str, Any] = {"resources": {"limits": {"memory": "1Gi"}}}
            values = merged(values, {"web": own, "cache": {"valkey": own}})
        render = chart.render(values=merged(EVERYTHING, values))
        for knob, value, at in KNOBS:
            assert holds(found_at(render, kind, part, at), knob, value), (where, knob)


@pytest.mark.parametrize("workload", WORKLOADS)
def test_a_workload_wins_over_all(workload: str, chart: Chart) -> None:
    path, kind, part = WORKLOADS[workload]
    values = merged({"workload": {"priorityClassName": "all"}}, nested(f"{path}.priorityClassName", "own"))
    render = chart.render(values=merged(EVERYTHING, values))
    assert found_at(render, kind, part, "pod.spec.priorityClassName") == "own"
