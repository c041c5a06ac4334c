"""kubectl and the others, as a person would type them."""

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Object = dict[str, Any]

ROOT = Path(__file__).parent.parent.parent
MANIFESTS = Path(__file__).parent / "manifests"


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


def get(namespace: str, kind: str, *arguments: str) -> list[Object]:
    """The objects of a kind."""
    items: list[Object] = json.loads(kubectl("-n", namespace, "get", kind, "-o", "json", *arguments))["items"]
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
