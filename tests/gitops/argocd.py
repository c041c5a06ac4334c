"""Argo CD, run beside the cluster rather than in it, with the registry that it takes the chart from."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from tests import registries
from tests.chart.rendering import ENVIRONMENTS
from tests.cluster.tools import ROOT, kubectl, make_namespace, run
from tests.servers import free_port

NAMESPACE = "argocd"
PROGRAMS = ("argocd", "go", "helm3", "registry")
MODULE = re.compile(r"^argocd (\S+) (\S+) ", re.MULTILINE)


class Processes:
    """Programs that run until the block ends, each with a log in a folder."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder, self.stack = folder, stack

    def start(self, *command: str, executable: str | None = None, **variables: str) -> None:
        """Start one, which may know itself by another name than its file's."""
        log = self.stack.enter_context((self.folder / f"{Path(command[0]).name}.log").open("w"))
        environment = {**os.environ, **variables}
        process = subprocess.Popen(command, executable=executable, stdout=log, stderr=log, env=environment)
        self.stack.callback(process.wait)
        self.stack.callback(process.terminate)


def manifests() -> Path:
    """Argo CD's own, of the version that ci/tools builds."""
    found = MODULE.search((ROOT / "ci/tools").read_text())
    assert found
    module = json.loads(run("go", "mod", "download", "-json", "@".join(found.groups())).stdout)
    return Path(module["Dir"]) / "manifests"


@contextmanager
def running(folder: Path, redis: str) -> Iterator[str]:
    """It, until the block ends, and the address of its registry."""
    apply_manifests()
    cache, repositories = (f"localhost:{free_port()}" for _ in range(2))
    own = ("--namespace", NAMESPACE, "--kubeconfig", os.environ["KUBECONFIG"])
    asking = ("--repo-server-plaintext", *own)
    with ExitStack() as stack:
        registry = stack.enter_context(registries.running(folder))
        start = Processes(folder, stack).start
        start(redis, "--port", port(cache), "--save", "", "--appendonly", "no")
        argocd = partial(start, executable=shutil.which("argocd"), **variables(folder))
        argocd(
            "argocd-repo-server", "--port", port(repositories), "--metrics-port", str(free_port()),
            "--redis", cache, "--disable-tls",
        )  # fmt: skip
        argocd(
            "argocd-application-controller", *asking, "--metrics-port", str(free_port()),
            "--redis", cache, "--repo-server", repositories,
        )  # fmt: skip
        argocd(
            "argocd-applicationset-controller", *asking, "--metrics-addr", f":{free_port()}",
            "--probe-addr", f":{free_port()}", "--argocd-repo-server", repositories,
        )  # fmt: skip
        yield registry
        kubectl("-n", NAMESPACE, "delete", "applicationsets,applications", "--all")
    kubectl("delete", "namespace", NAMESPACE, *(f"bookstore-{one.stem}" for one in ENVIRONMENTS), "--wait=false")


def port(address: str) -> str:
    """An address's port."""
    return address.rpartition(":")[2]


def variables(folder: Path) -> dict[str, str]:
    """What its programs read from their environment."""
    # Its image has Helm 3 by the name of helm.
    (folder / "bin").mkdir()
    (folder / "bin/helm").symlink_to(str(shutil.which("helm3")))
    return {
        "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
        "HOSTNAME": "argocd-0",
        # The cluster of KUBECONFIG is the one that Applications call their own.
        "ARGOCD_FAKE_IN_CLUSTER": "true",
        "ARGOCD_GPG_ENABLED": "false",
        "ARGOCD_PLUGINSOCKFILEPATH": str(folder),
        **{f"ARGOCD_{name}_DATA_PATH": str(folder) for name in ("TLS", "SSH", "GPG")},
    }


def apply_manifests() -> None:
    """Its kinds and its settings."""
    make_namespace(NAMESPACE)
    folder = manifests()
    for part in ("crds", "base/config"):
        kubectl("-n", NAMESPACE, "apply", "--server-side", "--force-conflicts", "-k", str(folder / part))


def application(environment: str) -> dict[str, Any]:
    """An environment's Application, or nothing."""
    found = kubectl(
        "-n", NAMESPACE, "get", "application", f"bookstore-{environment}", "--ignore-not-found", "-o", "json"
    )
    return dict(json.loads(found)) if found else {}


def state(environment: str) -> tuple[str, str]:
    """Whether it runs what Git says, and whether that is well."""
    status = application(environment).get("status", {})
    return status.get("sync", {}).get("status", ""), status.get("health", {}).get("status", "")
