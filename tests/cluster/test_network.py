"""Who reaches whom: every path between the shop's pods and others is allowed by the table below, or refused."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.cluster.probe import METRICS, PORT, SHOP, Probe, probe
from tests.cluster.release import QUIET, Release, installed
from tests.cluster.tools import Object, apply, eventually, get

pytestmark = pytest.mark.full
DATABASE, CACHE = 5432, 6379
# As in production, whose policies let in the Ingress controller's namespace and that of the monitoring alone.
SETTINGS = (
    "web.replicas=1",
    QUIET,
    "networkPolicy.clients.anywhere.enabled=false,serviceMonitor.enabled=true",
    r"networkPolicy.clients.proxy.peer.namespaceSelector.matchLabels.kubernetes\.io/metadata\.name=ingress-nginx",
)
# Those whom no policy selects may reach what no policy guards.
ANYTHING = "stranger dns kubernetes"
# What each reaches, of all that there is. The first run as long as the shop, the next are pods of its Jobs.
ALLOWED = {
    "api": "database cache sandbox-payments dns",
    "storefront": "database cache sandbox-payments dns",
    "sandbox-payments": "api dns",
    "cache": "",
    "primary": "dns",
    "migrate": "database dns",
    "backup": "database dns",
    "restore": "database dns",
    "ensure-secret": "kubernetes dns",
    "cart-purge": "database cache dns",
    "payments-reconcile": "database cache sandbox-payments dns",
    "test": "api storefront database cache dns",
    "neighbour": ANYTHING,
    "default": ANYTHING,
    "monitoring": f"api-metrics storefront-metrics {ANYTHING}",
    "ingress-nginx": f"api storefront sandbox-payments {ANYTHING}",
}
LASTING = ("api", "storefront", "sandbox-payments", "cache", "primary")
OTHERS = ("default", "monitoring", "ingress-nginx")
# A pod that may reach nothing shows what policies can refuse: those of some clusters do not guard the node of the API.
CLOSED = {"probe": "closed"}
DENIAL = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "closed"},
    "spec": {"podSelector": {"matchLabels": CLOSED}, "policyTypes": ["Egress"]},
}


@pytest.fixture(scope="module")
def release(chart: Path) -> Iterator[Release]:
    """With `values/staging.yaml`, closed as production is."""
    with installed(Release(chart, "staging", "bookstore-network", settings=SETTINGS)) as release:
        yield release


@pytest.fixture(scope="module")
def sources(release: Release) -> Iterator[dict[str, Probe]]:
    """All who try: pods of the release, pods with the labels of those of its Jobs, and others."""
    found = {part: pod(release, part) for part in LASTING}
    # Of several pods of a part, such as the tests, one that may what they all may.
    labels = {"closed": CLOSED}
    for each in templates(release):
        labels.setdefault(each["labels"]["app.kubernetes.io/component"], {}).update(each["labels"])
    # Helm has taken the policies of its hooks away again, with the Jobs that they are for.
    policies = [each for each in release.render() if each["kind"] == "NetworkPolicy"]
    apply(release.namespace, DENIAL, *policies)
    tries = {
        part: probe(release.namespace, release, part, labels.get(part))
        for part in ("closed", *ALLOWED.keys() - {*LASTING, *OTHERS})
    } | {namespace: probe(namespace, release) for namespace in OTHERS}
    with ExitStack() as stack, ThreadPoolExecutor() as pool:
        found |= zip(tries, pool.map(stack.enter_context, tries.values()), strict=True)
        yield found


def pod(release: Release, part: str) -> Probe:
    """A pod that serves."""
    eventually(f"{part} serves", lambda: bool(release.serving(part)), seconds=180)
    (name, *_) = release.serving(part)
    address = {each["metadata"]["name"]: each["status"]["podIP"] for each in release.objects("pods", part)}[name]
    return Probe(release.namespace, name, address, has_python=part not in ("cache", "primary"))


def templates(release: Release) -> Iterator[Object]:
    """The metadata of the pods of all Jobs and CronJobs, of hooks, too."""
    for each in release.render():
        if each["kind"] == "Job":
            yield each["spec"]["template"]["metadata"]
        elif each["kind"] == "CronJob":
            yield each["spec"]["jobTemplate"]["spec"]["template"]["metadata"]


@pytest.fixture(scope="module")
def targets(sources: dict[str, Probe]) -> dict[str, str]:
    """ADDRESS:PORT of all that may be tried, by name."""
    (dns,) = get("kube-system", "services", "k8s-app=kube-dns")
    (kubernetes,) = get("default", "services", fields="metadata.name=kubernetes")
    return {
        "api": f"{sources['api'].address}:{SHOP}",
        "api-metrics": f"{sources['api'].address}:{METRICS}",
        "storefront": f"{sources['storefront'].address}:{SHOP}",
        "storefront-metrics": f"{sources['storefront'].address}:{METRICS}",
        "sandbox-payments": f"{sources['sandbox-payments'].address}:{SHOP}",
        "database": f"{sources['primary'].address}:{DATABASE}",
        "cache": f"{sources['cache'].address}:{CACHE}",
        "stranger": f"{sources['default'].address}:{PORT}",
        "dns": f"{dns['spec']['clusterIP']}:53",
        "kubernetes": f"{kubernetes['spec']['clusterIP']}:443",
    }


def others(source: Probe, targets: dict[str, str]) -> dict[str, str]:
    """All but itself."""
    return {name: target for name, target in targets.items() if target.partition(":")[0] != source.address}


def reached(source: Probe, targets: dict[str, str]) -> set[str]:
    """The names of those that a pod can connect to."""
    answered = source.reached(set(targets.values()))
    return {name for name, target in targets.items() if target in answered}


def test_each_path_is_allowed_by_the_table_or_refused(sources: dict[str, Probe], targets: dict[str, str]) -> None:
    closed = sources.pop("closed")
    eventually("policies are in force", lambda: not reached(closed, targets) - {"kubernetes"})
    for name in reached(closed, targets):
        print(f"{name} cannot be closed to a pod of this cluster, and was left out")  # noqa: T201  # with pytest -rP
        del targets[name]
    tried = {name: others(source, targets) for name, source in sources.items()}
    wanted = {name: tried[name].keys() & allowed.split() for name, allowed in ALLOWED.items()}
    found: dict[str, set[str]] = {}

    def as_wanted() -> bool:
        """Policies come into force a moment after a pod does, and a busy node answers late."""
        left = [name for name in sources if found.get(name) != wanted[name]]
        with ThreadPoolExecutor(4) as pool:
            found.update(zip(left, pool.map(lambda name: reached(sources[name], tried[name]), left), strict=True))
        return found == wanted

    try:
        eventually("the paths are those of the table", as_wanted, seconds=300)
    finally:
        allowed = sum(map(len, wanted.values()))
        print(f"{sum(map(len, tried.values())) - allowed} paths refused, {allowed} allowed")  # noqa: T201
        print({name: paths ^ wanted[name] for name, paths in found.items() if paths != wanted[name]})  # noqa: T201
