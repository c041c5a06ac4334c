"""kubectl and the others, as a person would type them; and the API, for what is looked at again and again."""

import atexit
import json
import re
import subprocess
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from bookstore.conformance import install

Object = dict[str, Any]

ROOT = Path(__file__).parent.parent.parent
MANIFESTS = Path(__file__).parent / "manifests"
LISTENING = re.compile(r"127\.0\.0\.1:\d+")
# Where the API has the kinds that are looked at: those that the shop itself looks at, and others.
PATHS = install.PATHS | {
    "endpointslices": "/apis/discovery.k8s.io/v1",
    "externalsecrets": "/apis/external-secrets.io/v1",
    "ingresses": "/apis/networking.k8s.io/v1",
    "poddisruptionbudgets": "/apis/policy/v1",
    "servicemonitors": "/apis/monitoring.coreos.com/v1",
}


def run(
    *command: str, check: bool = True, text: str | None = None, timeout: int = 400
) -> subprocess.CompletedProcess[str]:
    """Run a command; where it fails, say all that it said."""
    done = subprocess.run(command, check=False, capture_output=True, text=True, input=text, timeout=timeout)
    if check and done.returncode:
        raise AssertionError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done


def kubectl(*arguments: str, check: bool = True, text: str | None = None) -> str:
    """What kubectl prints."""
    return run("kubectl", *arguments, check=check, text=text).stdout


@cache
def proxy() -> str:
    """The address of a `kubectl proxy` that lasts as long as this process."""
    process = subprocess.Popen(["kubectl", "proxy", "--port=0"], stdout=subprocess.PIPE, text=True)
    atexit.register(process.terminate)
    assert process.stdout
    listening = LISTENING.search(process.stdout.readline())
    assert listening
    return f"http://{listening[0]}"


@cache
def api() -> httpx.Client:
    """The cluster's API: a look at it shall not cost a process, and its CPU, each time."""
    return httpx.Client(base_url=proxy(), timeout=30)


def get(namespace: str, kind: str, labels: str = "", fields: str = "") -> list[Object]:
    """The objects of a kind, or those that a label's or a field's selector finds."""
    selectors = {"labelSelector": labels, "fieldSelector": fields}
    found = api().get(f"{PATHS[kind]}/namespaces/{namespace}/{kind}", params=selectors)
    assert found.is_success, found.text
    items: list[Object] = found.json()["items"]
    return items


def apply(namespace: str, *objects: Object) -> None:
    """Apply objects, all at once."""
    kubectl(
        "-n", namespace, "apply", "-f", "-", text=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
    )


def make_namespace(name: str) -> None:
    """A namespace that takes only pods of the strictest standard; one that is on its way out is waited for."""
    found = kubectl("get", "namespace", name, "--ignore-not-found", "-o", "jsonpath={.status.phase}")
    if found == "Terminating":
        kubectl("wait", "--for=delete", f"namespace/{name}", "--timeout=180s")
    labels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}
    apply("default", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})


def eventually(what: str, true: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for something, and fail with its name."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"{what}: not within {seconds:g} s"
        time.sleep(1)
