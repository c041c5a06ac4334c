"""Every pod is restricted, isolated, and runs an image that does not move: in every values file."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chart.rendering import FILES, Chart, Render, containers, identity, named, selects

every_file = pytest.mark.parametrize("file", FILES, ids=named)
Rendered = Callable[[Path], Render]


@every_file
def test_environment_names_and_mounts_are_unique(file: Path, rendered: Rendered) -> None:
    for _, template in rendered(file).pods():
        for each in containers(template):
            for names in (
                [one["name"] for one in each.get("env", [])],
                [one["mountPath"] for one in each.get("volumeMounts", [])],
            ):
                assert len(names) == len(set(names))


@every_file
def test_services_make_no_variables_that_the_application_reads(file: Path, rendered: Rendered) -> None:
    for owner, template in rendered(file).pods():
        if owner["kind"] != "StatefulSet":
            assert template["spec"]["enableServiceLinks"] is False


@every_file
def test_every_image_goes_through_the_mirror(file: Path, chart: Chart) -> None:
    mirrored = chart.render(file, values={"global": {"imageRegistry": "mirror.example"}})
    for owner, template in mirrored.pods():
        given = {"helper", "before"}  # said in full by the values file
        for each in containers(template):
            if each["name"] not in given:
                assert each["image"].startswith("mirror.example/"), identity(owner)


@every_file
def test_no_image_moves_by_itself(file: Path, rendered: Rendered) -> None:
    for _, template in rendered(file).pods():
        for each in containers(template):
            assert re.search(r"(@sha256:[0-9a-f]{64}|:[^:/]*[0-9][^:/]*)$", each["image"]), each["image"]


@every_file
def test_every_pod_is_restricted(file: Path, rendered: Rendered) -> None:
    for owner, template in rendered(file).pods():
        spec = template["spec"]
        pod = spec.get("securityContext", {})
        for host in ("hostNetwork", "hostPID", "hostIPC"):
            assert not spec.get(host)
        allowed = {
            "configMap",
            "emptyDir",
            "projected",
            "secret",
            "downwardAPI",
            "persistentVolumeClaim",
            "ephemeral",
            "csi",
        }
        for volume in spec.get("volumes", []):
            assert set(volume) - {"name"} <= allowed
        assert spec.get("automountServiceAccountToken") is identity(owner)[1].rpartition("-")[0].endswith("-ensure")
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


@every_file
def test_every_policy_covers_every_pod(file: Path, rendered: Rendered) -> None:
    render = rendered(file)
    policies = [each["spec"] for each in render.all("NetworkPolicy")]
    if not any(each["metadata"]["name"].endswith(("-api", "-all")) for each in render.all("NetworkPolicy")):
        pytest.skip("policies are off here")
    for owner, template in render.pods():
        types = {
            kind
            for one in policies
            if selects(one["podSelector"]["matchLabels"], template)
            for kind in one["policyTypes"]
        }
        assert types == {"Ingress", "Egress"}, identity(owner)
