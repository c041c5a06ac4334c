"""Helm and kubectl, as a person would type them."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parent.parent.parent
CHART = ROOT / "charts/bookstore"
MANIFESTS = Path(__file__).parent / "manifests"
RELEASE = "shop"


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


def get(namespace: str, kind: str, *arguments: str) -> list[dict[str, Any]]:
    """The objects of a kind."""
    items: list[dict[str, Any]] = json.loads(kubectl("-n", namespace, "get", kind, "-o", "json", *arguments))["items"]
    return items


def names(namespace: str, kind: str, *arguments: str) -> set[str]:
    """Their names."""
    return {item["metadata"]["name"] for item in get(namespace, kind, *arguments)}


def namespace(environment: str) -> str:
    """Where an environment lives."""
    return f"bookstore-{environment}"


def values(environment: str) -> list[str]:
    """Arguments that install an environment: its values, and what this cluster needs otherwise."""
    arguments = ["-f", str(ROOT / f"values/{environment}.yaml"), "--set", "web.resources.requests.cpu=100m"]
    if environment == "prod":
        # An image that was loaded rather than pulled has no digest to name it by.
        arguments += ["--set", f"image.digest={os.environ.get('BOOKSTORE_IMAGE_DIGEST', '')}"]
    return arguments


def helm(verb: str, environment: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Install or upgrade an environment, and wait for it."""
    command = ["helm", verb, RELEASE, str(CHART), "-n", namespace(environment), *values(environment)]
    return run(*command, "--wait=watcher", "--timeout", "5m", *arguments, check=check)


def make_namespace(name: str) -> None:
    """A namespace that takes only pods of the strictest standard."""
    manifest = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name, "labels": {"pod-security.kubernetes.io/enforce": "restricted"}},
    }
    kubectl("apply", "-f", "-", text=json.dumps(manifest))


def eventually(what: str, true: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for something, and fail with its name."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"{what}: not within {seconds:g} s"
        time.sleep(1)


@contextmanager
def shop(environment: str) -> Iterator[httpx.Client]:
    """A client of an environment's Ingress."""
    (ingress,) = get(namespace(environment), "ingress")
    address = ingress["status"]["loadBalancer"]["ingress"][0]["ip"]
    host = ingress["spec"]["rules"][0]["host"]
    with httpx.Client(base_url=f"http://{address}", headers={"Host": host}, timeout=30) as client:
        yield client


def in_pod(environment: str, deployment: str, *command: str) -> str:
    """What an admin command prints in a pod."""
    return kubectl(
        "-n",
        namespace(environment),
        "exec",
        f"deploy/{deployment}",
        "-c",
        deployment.rpartition("-")[2],
        "--",
        *command,
    )
