"""What is done to an install, only with --disturb: a pod deleted, a replica more. Each is undone, or mends itself."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import cast

from bookstore.cluster.api import MERGE_PATCH, KubernetesError
from bookstore.conformance.install import Install, said
from bookstore.conformance.objects import Object, first, is_ready, leads_to, name_of, selected, statuses_of_first
from bookstore.conformance.statements import Broken, NotAsked, Run

MANAGER = "bookstore-conformance"
JSON_PATCH = "application/json-patch+json"
PAUSE_SECONDS = 0.2
RECOVERY_SECONDS = 300.0
# Answers of a Service that a client may ask again are failures here all the same.
FAILED = 500


@dataclass
class Gone:
    """A pod that was deleted: how long it took to end, and what its Service answered meanwhile."""

    pod: str
    grace_seconds: int
    seconds: float = 0.0
    # Where Kubernetes told it before it forgot the pod.
    exit_code: int | None = None
    requests: int = 0
    wrong: list[str] = field(default_factory=list)


def deleted(run: Run) -> list[Gone]:
    """Delete one pod of each Deployment that has two; done once in a run."""
    if "deleted" not in run.kept:
        run.kept["deleted"] = list(_delete_one_of_each(run.install))
    gone = cast(list[Gone], run.kept["deleted"])
    if not gone:
        raise NotAsked("no Deployment has two pods that are ready")
    return gone


def _delete_one_of_each(install: Install) -> list[Gone]:
    gone = []
    for deployment in install.deployments:
        pods = [pod for pod in _pods_of(install, deployment) if is_ready(pod)]
        services = [each for each in install.http_services if pods and leads_to(each, pods[0])]
        if len(pods) > 1 and services:
            gone.append(_delete(install, pods[0], services[0]))
            _until_ready(install, deployment, len(pods))
    return gone


def _delete(install: Install, pod: Object, service: Object) -> Gone:
    found = Gone(name_of(pod), pod["spec"].get("terminationGracePeriodSeconds", 30))
    # Whether a process answers, and not whether its database does.
    probe = first(pod).get("livenessProbe") or first(pod)["readinessProbe"]
    path = probe["httpGet"]["path"]
    where = install.path("pods", name_of(pod))
    began = time.monotonic()
    install.kubernetes.request("DELETE", where)
    with ThreadPoolExecutor(1) as pool:
        ended: Future[int | None] = pool.submit(_wait_for_the_end, install, pod, found.grace_seconds)
        while True:
            answer = install.ask(service, path)
            found.requests += 1
            if answer.status == 0 or answer.status >= FAILED:
                found.wrong.append(f"{name_of(service)}{path}: {said(answer)}")
            if ended.done():
                break
            time.sleep(PAUSE_SECONDS)
        found.exit_code = ended.result()
    found.seconds = time.monotonic() - began
    return found


def _wait_for_the_end(install: Install, pod: Object, grace_seconds: int) -> int | None:
    """Until the pod's first container has ended, with its exit code, or the pod is gone."""
    where = install.path("pods", name_of(pod))
    deadline = time.monotonic() + grace_seconds + PAUSE_SECONDS
    while time.monotonic() < deadline:
        found = install.kubernetes.request("GET", where)
        if found is None or found["metadata"]["uid"] != pod["metadata"]["uid"]:
            return None
        for each in statuses_of_first(found):
            if "terminated" in each["state"]:
                return int(each["state"]["terminated"]["exitCode"])
        time.sleep(PAUSE_SECONDS)
    return None


def scaled(run: Run) -> list[str]:
    """One replica more of each Deployment that no autoscaler owns, and back; a sentence for each."""
    install = run.install
    owned = {each["spec"]["scaleTargetRef"]["name"] for each in install.listed("horizontalpodautoscalers")}
    free = [each for each in install.deployments if name_of(each) not in owned]
    if not free:
        raise NotAsked("autoscalers own the number of every Deployment")
    return [_scale(install, each) for each in free]


def _scale(install: Install, deployment: Object) -> str:
    before = int(deployment["spec"]["replicas"])
    try:
        _set_replicas(install, deployment, before + 1)
        _until_ready(install, deployment, before + 1)
    finally:
        _set_replicas(install, deployment, before)
    until(lambda: len(_pods_of(install, deployment)) == before, f"{name_of(deployment)}: {before} again")
    _disown(install, deployment)
    return f"{name_of(deployment)}: {before}, {before + 1}, {before}"


def _set_replicas(install: Install, deployment: Object, replicas: int) -> None:
    where = f"{install.path('deployments', name_of(deployment))}/scale?fieldManager={MANAGER}"
    if install.kubernetes.request("PATCH", where, {"spec": {"replicas": replicas}}, MERGE_PATCH) is None:
        raise KubernetesError(f"Deployment {name_of(deployment)} is gone.")


def _disown(install: Install, deployment: Object) -> None:
    """Be no longer who set the number: Helm's next upgrade to another one would meet a conflict (server-side apply)."""
    found = install.kubernetes.request("GET", install.path("deployments", name_of(deployment))) or {"metadata": {}}
    managers = found["metadata"].get("managedFields", [])
    for index in reversed(range(len(managers))):
        if managers[index]["manager"] == MANAGER:
            place = f"/metadata/managedFields/{index}"
            patch = [{"op": "test", "path": f"{place}/manager", "value": MANAGER}, {"op": "remove", "path": place}]
            install.kubernetes.request("PATCH", install.path("deployments", name_of(deployment)), patch, JSON_PATCH)


def _pods_of(install: Install, deployment: Object) -> list[Object]:
    return selected(deployment, install.current_pods())


def _until_ready(install: Install, deployment: Object, wanted: int) -> None:
    until(
        lambda: sum(is_ready(pod) for pod in _pods_of(install, deployment)) == wanted,
        f"{name_of(deployment)} with {wanted} pods that are ready",
    )


def until(true: Callable[[], bool], what: str) -> None:
    """Wait for what Kubernetes does, and raise Broken where it does not."""
    deadline = time.monotonic() + RECOVERY_SECONDS
    while not true():
        if time.monotonic() > deadline:
            raise Broken(f"not within {RECOVERY_SECONDS:g} s: {what}")
        time.sleep(PAUSE_SECONDS)
