"""The Kubernetes API, as far as a pod needs it: the standard library and the pod's own token.

From outside `kubectl proxy` adds the credentials, so that no kubeconfig is read here.
"""

import json
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import click

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
TIMEOUT_SECONDS = 10
MERGE_PATCH = "application/merge-patch+json"


class KubernetesError(click.ClickException):
    """Kubernetes cannot be reached, or refuses."""


@dataclass(frozen=True)
class Kubernetes:
    """A connection to the API in one namespace."""

    host: str
    port: int
    namespace: str
    token: str
    ca_file: str | None

    @classmethod
    def from_pod(cls, account: Path = ACCOUNT, environment: Mapping[str, str] = os.environ) -> Self:
        """What Kubernetes gives to each pod that has a service-account token."""
        try:
            return cls(
                host=environment["KUBERNETES_SERVICE_HOST"],
                port=int(environment["KUBERNETES_SERVICE_PORT"]),
                namespace=(account / "namespace").read_text().strip(),
                token=(account / "token").read_text().strip(),
                ca_file=str(account / "ca.crt"),
            )
        except (KeyError, OSError) as error:
            raise KubernetesError(
                f"This runs in a pod with a service-account token, and here is none: {error}."
            ) from error

    @classmethod
    def behind_proxy(cls, server: str, namespace: str) -> Self:
        """Through `kubectl proxy`, which adds the credentials: `http://127.0.0.1:8001`."""
        parts = urlsplit(server)
        if parts.scheme != "http" or not parts.hostname:
            raise KubernetesError(f"{server} is not the address of a `kubectl proxy`, such as http://127.0.0.1:8001.")
        return cls(parts.hostname, parts.port or 80, namespace, token="", ca_file=None)

    def request(self, method: str, path: str, body: Any = None, content_type: str = "application/json") -> Any:
        """The answer as JSON, None where it is 404 or 409; anything else that is no success raises."""
        status, text = self.exchange(method, path, body, {"Content-Type": content_type, "Accept": "application/json"})
        if status in (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT):
            return None
        try:
            return json.loads(_accepted(method, path, status, text))
        except ValueError as error:
            raise KubernetesError(f"What answers at {self.host}:{self.port} is no Kubernetes API.") from error

    def read(self, path: str) -> str:
        """The answer as text, such as a log; what is no success raises."""
        return _accepted("GET", path, *self.exchange("GET", path))

    def exchange(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, str]:
        """The answer's status and text, whatever they are."""
        connection = self._connection()
        # A proxy adds its own only where there is none.
        own = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        try:
            connection.request(method, path, None if body is None else json.dumps(body), own | dict(headers or {}))
            response = connection.getresponse()
            return response.status, response.read().decode(errors="replace")
        except (OSError, HTTPException) as error:
            raise KubernetesError(f"The Kubernetes API at {self.host}:{self.port} does not answer: {error}") from error
        finally:
            connection.close()

    def _connection(self) -> HTTPConnection:
        if self.ca_file is None:
            return HTTPConnection(self.host, self.port, timeout=TIMEOUT_SECONDS)
        context = ssl.create_default_context(cafile=self.ca_file)
        return HTTPSConnection(self.host, self.port, timeout=TIMEOUT_SECONDS, context=context)


def _accepted(method: str, path: str, status: int, text: str) -> str:
    if status >= HTTPStatus.BAD_REQUEST:
        raise KubernetesError(f"Kubernetes refused to {method} {path}: {status} {_message(text)}")
    return text


def _message(text: str) -> str:
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        return text[:200]
