"""A pod of no release that tries to reach others, and that others may try to reach."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.cluster.release import Release
from tests.cluster.tools import apply, get, kubectl

SHOP, METRICS = 8000, 9000
PORT = 8080
# A name that is not found is a mistake of the test, and no policy's work.
CONNECT = """
import socket, sys
from concurrent.futures import ThreadPoolExecutor
def reached(target):
    host, _, port = target.rpartition(":")
    address = socket.gethostbyname(host)
    try:
        socket.create_connection((address, int(port)), 5).close()
    except OSError:
        return False
    return True
with ThreadPoolExecutor(20) as pool:
    print(*(target for target, yes in zip(sys.argv[1:], pool.map(reached, sys.argv[1:])) if yes))
"""
# As much, in images without Python.
CONNECT_BASH = """
for target; do
  timeout 5 bash -c ': <>"/dev/tcp/${0/:/\\/}"' "$target" 2>/dev/null && echo "$target" &
done
wait
"""
FETCH = "import sys, urllib.request as u; print(u.urlopen(sys.argv[1], timeout=10).read().decode())"


def at(addresses: set[str], port: int) -> set[str]:
    """Those addresses with a port."""
    return {f"{address}:{port}" for address in addresses}


@dataclass(frozen=True)
class Probe:
    """A pod, by its namespace, what names it to kubectl, and its address."""

    namespace: str
    target: str
    address: str = ""
    has_python: bool = True

    def python(self, script: str, *arguments: str) -> str:
        """What a script prints in it."""
        return kubectl("-n", self.namespace, "exec", self.target, "--", "python", "-c", script, *arguments)

    def reached(self, targets: set[str]) -> set[str]:
        """Those of some HOST:PORT to which a connection can be made."""
        if self.has_python:
            return set(self.python(CONNECT, *targets).split())
        command = ["exec", self.target, "--", "bash", "-c", CONNECT_BASH, "-", *targets]
        return set(kubectl("-n", self.namespace, *command).split())

    def fetch(self, url: str) -> str:
        """A page; nothing where nobody answers."""
        return kubectl("-n", self.namespace, "exec", self.target, "--", "python", "-c", FETCH, url, check=False)


@contextmanager
def probe(namespace: str, release: Release, part: str = "", labels: dict[str, str] | None = None) -> Iterator[Probe]:
    """A pod in the release's image in a namespace, which is made where it is missing, and stays.

    With the labels of a part's pods it may what they may.
    """
    image = release.objects("deployments")[0]["spec"]["template"]["spec"]["containers"][0]["image"]
    name = "-".join(filter(None, ("probe", release.namespace, part)))
    if not kubectl("get", "namespace", namespace, "--ignore-not-found"):
        kubectl("create", "namespace", namespace)
    apply(namespace, manifest(name, image, labels or {}))
    try:
        kubectl("-n", namespace, "wait", "--for=condition=Ready", f"pod/{name}", "--timeout=180s")
        (pod,) = get(namespace, "pods", fields=f"metadata.name={name}")
        yield Probe(namespace, name, pod["status"]["podIP"])
    finally:
        kubectl("-n", namespace, "delete", f"pod/{name}", "--grace-period=0", "--force")


def manifest(name: str, image: str, labels: dict[str, str]) -> dict[str, object]:
    """A pod that listens, and may nothing."""
    container = {
        "name": "probe",
        "image": image,
        "command": ["python", "-m", "http.server", str(PORT), "--directory", "/run"],
        # Without, it gets next to nothing of a busy node.
        "resources": {"requests": {"cpu": "50m"}},
        "readinessProbe": {"tcpSocket": {"port": PORT}, "periodSeconds": 1},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    spec = {
        "automountServiceAccountToken": False,
        "securityContext": {"runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [container],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels}, "spec": spec}
