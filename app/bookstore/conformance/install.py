"""An install as the Kubernetes API shows it: the objects of a release, its logs, and what its Services answer."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlencode

import click

from bookstore.cluster.api import TIMEOUT_SECONDS, Kubernetes, KubernetesError
from bookstore.conformance.objects import (
    LABEL,
    Object,
    containers,
    first,
    is_ready,
    label,
    leads_to,
    name_of,
    statuses_of_first,
    variable_maps,
)

LOG_LINES = 200
# Kinds by the path of their API; Secrets are never read.
PATHS = {
    "pods": "/api/v1",
    "services": "/api/v1",
    "configmaps": "/api/v1",
    "deployments": "/apis/apps/v1",
    "replicasets": "/apis/apps/v1",
    "jobs": "/apis/batch/v1",
    "cronjobs": "/apis/batch/v1",
    "horizontalpodautoscalers": "/apis/autoscaling/v2",
}


class NoInstall(click.ClickException):
    """There is no such release, or more than one."""


@dataclass(frozen=True)
class Answer:
    """What a Service said; status 0 where it said nothing."""

    status: int
    text: str


class Install:
    """A release in a namespace; each kind of object is read once."""

    def __init__(
        self, kubernetes: Kubernetes, release: str | None, components: tuple[str, ...], *, inside: bool
    ) -> None:
        self.kubernetes = kubernetes
        self.namespace = kubernetes.namespace
        self._components = components
        # Whether Services are reached by name, as in a pod, or through the API, as from a laptop.
        self._inside = inside
        self.release = release or self._only_release()
        self.app = label(self.deployments[0], "name")

    def anew(self) -> "Install":
        """The same install, nothing of it read yet but its Deployments."""
        return Install(self.kubernetes, self.release, self._components, inside=self._inside)

    def _only_release(self) -> str:
        found = {label(each, "instance") for each in self._serving(self.listed("deployments"))}
        if len(found) != 1:
            names = ", ".join(sorted(found)) or "none"
            raise NoInstall(f"Say --release: namespace {self.namespace} has {names}.")
        return found.pop()

    def _serving(self, deployments: list[Object]) -> list[Object]:
        return [each for each in deployments if not self._components or label(each, "component") in self._components]

    def path(self, kind: str, name: str = "") -> str:
        """Where the namespace's objects of a kind are in the API, or one of them."""
        return "/".join(filter(None, (PATHS[kind], "namespaces", self.namespace, kind, name)))

    def listed(self, kind: str, **selector: str) -> list[Object]:
        """The namespace's objects of a kind, those with some recommended labels or all."""
        wanted = ",".join(f"{LABEL}{name}={value}" for name, value in selector.items())
        query = f"?{urlencode({'labelSelector': wanted})}" if wanted else ""
        found = self.kubernetes.request("GET", f"{self.path(kind)}{query}")
        return list((found or {}).get("items", []))

    @cached_property
    def deployments(self) -> list[Object]:
        """The Deployments that serve."""
        found = self._serving(self.listed("deployments", instance=self.release))
        if not found:
            raise NoInstall(f"Release {self.release} has no Deployment that serves in namespace {self.namespace}.")
        return sorted(found, key=name_of)

    @cached_property
    def replica_sets(self) -> list[Object]:
        """What is kept of their releases, the present ones among them."""
        return self._owned(self.listed("replicasets", instance=self.release), self.deployments)

    @cached_property
    def pods(self) -> list[Object]:
        """Their pods, but for those that are on their way out."""
        return self.current_pods()

    def current_pods(self) -> list[Object]:
        """As `pods`, asked anew."""
        found = self._owned(self.listed("pods", instance=self.release), self.replica_sets)
        return sorted((pod for pod in found if "deletionTimestamp" not in pod["metadata"]), key=name_of)

    @cached_property
    def serving(self) -> list[Object]:
        """Those that get requests; one that only begins has nothing to tell yet."""
        return [pod for pod in self.pods if is_ready(pod)]

    @staticmethod
    def _owned(objects: list[Object], owners: list[Object]) -> list[Object]:
        uids = {each["metadata"]["uid"] for each in owners}
        return [
            each
            for each in objects
            if any(owner["uid"] in uids for owner in each["metadata"].get("ownerReferences", []))
        ]

    @cached_property
    def services(self) -> list[Object]:
        """The Services that lead to these pods."""
        return [each for each in self.listed("services", instance=self.release) if self.behind(each)]

    @cached_property
    def http_services(self) -> list[Object]:
        """Those that lead to the port where their pods are asked whether they are ready, and not to metrics."""
        found = []
        for service in self.services:
            port = first(self.behind(service)[0]).get("readinessProbe", {}).get("httpGet", {}).get("port")
            if port in [each.get("targetPort", each["port"]) for each in service["spec"]["ports"]]:
                found.append(service)
        return found

    def behind(self, service: Object) -> list[Object]:
        """The pods that a Service leads to."""
        return [pod for pod in self.pods if leads_to(service, pod)]

    @cached_property
    def config(self) -> dict[str, Object]:
        """The namespace's ConfigMaps, by name."""
        return {name_of(each): each for each in self.listed("configmaps")}

    @cached_property
    def admin(self) -> list[tuple[str, Object]]:
        """The application's Jobs and CronJobs, each by its name with its pod template."""
        found = [
            (f"CronJob {name_of(each)}", each["spec"]["jobTemplate"]["spec"]["template"])
            for each in self.listed("cronjobs", instance=self.release, name=self.app)
        ]
        for each in self.listed("jobs", instance=self.release, name=self.app):
            # A run of a schedule keeps what it began with; a test that failed stays until the next.
            hook = each["metadata"].get("annotations", {}).get("helm.sh/hook")
            if not each["metadata"].get("ownerReferences") and hook != "test":
                found.append((f"Job {name_of(each)}", each["spec"]["template"]))
        return found

    def templates(self) -> Iterator[tuple[str, Object]]:
        """Every pod template of the application, by what makes pods of it."""
        for each in self.deployments:
            yield f"Deployment {name_of(each)}", each["spec"]["template"]
        yield from self.admin

    def containers(self) -> Iterator[tuple[str, Object]]:
        """Every container of those templates, by what makes pods of it."""
        for where, template in self.templates():
            yield from ((where, each) for each in containers(template))

    @cached_property
    def images(self) -> set[str]:
        """The images that serve, as the Deployments name them."""
        return {first(each["spec"]["template"])["image"] for each in self.deployments}

    def settings(self, pod: Object) -> dict[str, str]:
        """The variables of a pod's first container that are no secrets."""
        found: dict[str, str] = {}
        for name in variable_maps(first(pod)):
            if name in self.config:
                found |= self.config[name].get("data") or {}
        return found | {each["name"]: each["value"] for each in first(pod).get("env", []) if "value" in each}

    @cached_property
    def digests(self) -> set[str]:
        """The digests of the image that serves."""
        statuses = [each for pod in self.serving for each in statuses_of_first(pod)]
        return {each["imageID"].rpartition("@")[2] or f"none of {each['image']}" for each in statuses}

    def log(self, pod: Object, container: str, *, lines: int = LOG_LINES) -> str:
        """The last lines that a container has written."""
        path = f"{self.path('pods', name_of(pod))}/log"
        return self.kubernetes.read(f"{path}?{urlencode({'container': container, 'tailLines': lines})}")

    def ask(self, service: Object, path: str) -> Answer:
        """GET a path of a Service's first port."""
        port = service["spec"]["ports"][0]["port"]
        if not self._inside:
            where = f"{self.path('services', f'http:{name_of(service)}:{port}')}/proxy{path}"
            # The API server's own Host is none that an application serves; who trusts a proxy takes this one.
            try:
                return Answer(*self.kubernetes.exchange("GET", where, headers={"X-Forwarded-Host": "localhost"}))
            except KubernetesError as error:
                return Answer(0, error.message)
        name = f"{name_of(service)}.{self.namespace}.svc"
        address = service["spec"].get("clusterIP", "None")
        # By its address where it has one: this asks for the Service, and not for the cluster's resolver.
        connection = HTTPConnection(name if address == "None" else address, port, timeout=TIMEOUT_SECONDS)
        try:
            connection.request("GET", path, headers={"Host": name})
            response = connection.getresponse()
            return Answer(response.status, response.read().decode(errors="replace"))
        except (OSError, HTTPException) as error:
            return Answer(0, str(error) or type(error).__name__)
        finally:
            connection.close()


def said(answer: Answer) -> str:
    """An answer in a few words."""
    if answer.status:
        return f"{answer.status} {re.sub(r'<[^>]*>|[^ -~]+', ' ', answer.text)[:60].strip()}"
    return answer.text
