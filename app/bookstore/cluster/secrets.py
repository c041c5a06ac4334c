"""Make a Secret's keys that are missing, and never change one that is there."""

import base64
import secrets
from collections.abc import Mapping, Sequence
from enum import StrEnum

from bookstore.cluster.api import MERGE_PATCH, Kubernetes, KubernetesError

ATTEMPTS = 5
RANDOM_BYTES = 32


class Outcome(StrEnum):
    """What was done."""

    CREATED = "created"
    COMPLETED = "completed"
    UNCHANGED = "unchanged"


def ensure(kubernetes: Kubernetes, name: str, keys: Sequence[str], labels: Mapping[str, str]) -> Outcome:
    """See that the Secret has all keys; what another process writes meanwhile wins."""
    folder = f"/api/v1/namespaces/{kubernetes.namespace}/secrets"
    for _ in range(ATTEMPTS):
        found = kubernetes.request("GET", f"{folder}/{name}")
        if found is None:
            secret = {
                "apiVersion": "v1",
                "kind": "Secret",
                "type": "Opaque",
                "metadata": {"name": name, "labels": dict(labels)},
                "data": _random(keys),
            }
            if kubernetes.request("POST", folder, secret) is not None:
                return Outcome.CREATED
            continue
        missing = [key for key in keys if not (found.get("data") or {}).get(key)]
        if not missing:
            return Outcome.UNCHANGED
        # Refused with 409 where the Secret has changed since it was read.
        version = found["metadata"]["resourceVersion"]
        patch = {"metadata": {"resourceVersion": version}, "data": _random(missing)}
        if kubernetes.request("PATCH", f"{folder}/{name}", patch, MERGE_PATCH) is not None:
            return Outcome.COMPLETED
    raise KubernetesError(f"The Secret {name} kept changing; try again.")


def _random(keys: Sequence[str]) -> dict[str, str]:
    # Hexadecimal: it needs no quoting in a URL, a shell or a configuration file.
    return {key: base64.b64encode(secrets.token_hex(RANDOM_BYTES).encode()).decode() for key in keys}
