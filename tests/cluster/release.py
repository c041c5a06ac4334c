"""The chart, installed with an environment's values."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import yaml

from bookstore.conformance.objects import is_ready
from tests.cluster.tools import ROOT, Object, eventually, get, kubectl, make_namespace, run

SURFACES = ("all", "api", "storefront")
# The smallest that lets several releases share a small node; production's pods must reach their CPU target.
REQUESTS = {"prod": "web.resources.requests.cpu=100m"}
# What runs every few minutes runs once a year: for scenarios that leave the schedules out.
QUIET = ",".join(
    f"schedules.{name}.schedule=0 0 1 1 *"
    for name in ("notices-send", "orders-expire", "outbox-send", "payments-reconcile")
)
# A probe by a command costs a node more than what it asks: whether the database is ready is asked often enough.
SMALL = (
    "web.resources.requests.cpu=20m,postgresql.primary.resources.requests.cpu=20m,"
    "postgresql.primary.customLivenessProbe.periodSeconds=60"
)


@dataclass(frozen=True)
class Release:
    """A release of the chart: where it is, and with which values."""

    chart: Path
    environment: str
    namespace: str
    name: str = "shop"
    settings: tuple[str, ...] = ()

    @property
    def values(self) -> list[str]:
        """Arguments that give an environment's values, and what a cluster for tests needs otherwise."""
        # Two releases of one host would share their customers.
        host = f"hosts.shop.host={self.namespace}.localhost"
        sets = [REQUESTS.get(self.environment, SMALL), host, *self.settings]
        if self.environment == "prod":
            # An image that was loaded rather than pulled may have no digest to name it by.
            sets.append(f"image.digest={os.environ.get('BOOKSTORE_IMAGE_DIGEST', '')}")
        arguments = [argument for each in sets for argument in ("--set", each)]
        return ["-f", str(ROOT / f"values/{self.environment}.yaml"), *arguments]

    def install(self, *arguments: str, program: str = "helm", wait: str = "--wait=watcher") -> None:
        """Install it, or bring it up to date, and wait for it."""
        where = ["install", self.name, str(self.chart), "-n", self.namespace]
        run(program, *where, *self.values, wait, "--timeout=5m", *arguments)

    def upgrade(
        self,
        *sets: str,
        program: str = "helm",
        wait: str = "--wait=watcher",
        timeout: str = "5m",
        fails: bool = False,
    ) -> str:
        """Upgrade it with more values; what Helm says, of its failure where it must fail."""
        where = ["upgrade", self.name, str(self.chart), "-n", self.namespace]
        more = [argument for each in sets for argument in ("--set", each)]
        done = run(program, *where, *self.values, *more, wait, f"--timeout={timeout}", check=not fails)
        assert not fails or done.returncode, "this upgrade should have failed"
        return done.stdout + done.stderr

    def helm(self, verb: str, *arguments: str) -> str:
        """What another of Helm's commands says of it."""
        return run("helm", verb, self.name, "-n", self.namespace, *arguments).stdout

    def render(self) -> list[Object]:
        """Every object of it, as `helm template` prints them."""
        done = run("helm", "template", self.name, str(self.chart), "-n", self.namespace, *self.values)
        return [each for each in yaml.safe_load_all(done.stdout) if each]

    def objects(self, kind: str, *components: str) -> list[Object]:
        """Its objects of a kind, of some components or of all."""
        return get(self.namespace, kind, self.selector(*components))

    def selector(self, *components: str) -> str:
        """What selects objects by their labels: those of some components or of all."""
        selector = f"app.kubernetes.io/instance={self.name}"
        return f"{selector},app.kubernetes.io/component in ({','.join(components)})" if components else selector

    def pods(self, *components: str) -> set[str]:
        """The names of the shop's pods, or of other components'."""
        return {pod["metadata"]["name"] for pod in self.objects("pods", *(components or SURFACES))}

    def lasting(self) -> set[str]:
        """The ids of the pods that run until they are replaced: those of Jobs come and go by the clock."""
        return {
            pod["metadata"]["uid"]
            for pod in self.objects("pods")
            if all(owner["kind"] != "Job" for owner in pod["metadata"]["ownerReferences"])
        }

    def serving(self, *surfaces: str) -> set[str]:
        """The names of those of the shop's pods that get requests."""
        return {
            pod["metadata"]["name"]
            for pod in self.objects("pods", *(surfaces or SURFACES))
            if "deletionTimestamp" not in pod["metadata"] and is_ready(pod)
        }

    def restarts(self, *components: str) -> dict[str, int]:
        """How often containers were restarted, of each pod where one was: of some components or of all."""
        counts = {
            pod["metadata"]["name"]: sum(each["restartCount"] for each in pod["status"].get("containerStatuses", []))
            for pod in self.objects("pods", *components)
        }
        return {name: count for name, count in counts.items() if count}

    def addresses(self) -> set[str]:
        """Their addresses."""
        names = self.serving()
        pods = self.objects("pods", *SURFACES)
        return {pod["status"]["podIP"] for pod in pods if pod["metadata"]["name"] in names}

    def warnings(self) -> list[str]:
        """What those of the shop's pods that are still there have logged as a warning or worse."""
        where = ("-n", self.namespace, "logs", "-l", self.selector(*SURFACES))
        lines = kubectl(*where, "--prefix", "--tail=-1", check=False).splitlines()
        return [line for line in lines if '"level":"warning"' in line or '"level":"error"' in line]

    def evict(self, pod: str) -> str:
        """Ask for a pod's eviction; what the server says against it, nothing where it agrees."""
        body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod, "namespace": self.namespace}}
        where = f"/api/v1/namespaces/{self.namespace}/pods/{pod}/eviction"
        return run("kubectl", "create", "--raw", where, "-f", "-", text=json.dumps(body), check=False).stderr

    def ingress(self) -> tuple[str, str]:
        """The address of its Ingress, and its host's name."""
        (ingress,) = self.objects("ingresses")
        return ingress["status"]["loadBalancer"]["ingress"][0]["ip"], ingress["spec"]["rules"][0]["host"]

    @contextmanager
    def client(self) -> Iterator[httpx.Client]:
        """A client of its Ingress."""
        address, host = self.ingress()
        with httpx.Client(base_url=f"http://{address}", headers={"Host": host}, timeout=30) as client:
            yield client

    def answers(self) -> bool:
        """Whether its home page opens through the Ingress; proxies notice new pods a moment later."""
        with self.client() as client:
            return client.get("/").status_code == 200

    def execute(self, *command: str, check: bool = True) -> str:
        """What a command prints in a pod of the shop; unless checked, also where it fails."""
        (deployment,) = self.objects("deployments", "all", "api")
        surface = deployment["metadata"]["labels"]["app.kubernetes.io/component"]
        where = ["-n", self.namespace, "exec", f"deploy/{deployment['metadata']['name']}", "-c", surface]
        return kubectl(*where, "--", *command, check=check)


@contextmanager
def installed(release: Release) -> Iterator[Release]:
    """It, from its installation to the end of the block; BOOKSTORE_E2E_KEEP leaves it there."""
    make_namespace(release.namespace)
    release.install()
    eventually(f"{release.environment} answers", release.answers)
    yield release
    if not os.environ.get("BOOKSTORE_E2E_KEEP"):
        release.helm("uninstall")
        kubectl("delete", "namespace", release.namespace, "--wait=false")


@contextmanager
def undisturbed(release: Release) -> Iterator[None]:
    """The same pods serve before and after the block."""
    before = release.serving()
    yield
    eventually("the same pods serve", lambda: release.serving() == before)
    eventually("they answer", release.answers)
