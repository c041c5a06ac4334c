"""The Kubernetes API, as far as a pod needs it to look after Secrets: the standard library and the pod's own token."""

import json
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any, Self

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

    def request(self, method: str, path: str, body: Any = None, content_type: str = "application/json") -> Any:
        """The answer as JSON, None where it is 404 or 409; anything else that is no success raises."""
        connection = self._connection()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": content_type, "Accept": "application/json"}
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            text = response.read().decode()
        except (OSError, HTTPException) as error:
            raise KubernetesError(f"The Kubernetes API at {self.host}:{self.port} does not answer: {error}") from error
        finally:
            connection.close()
        if response.status in (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT):
            return None
        if response.status >= HTTPStatus.BAD_REQUEST:
            raise KubernetesError(f"Kubernetes refused to {method} {path}: {response.status} {_message(text)}")
        return json.loads(text)

    def _connection(self) -> HTTPConnection:
        if self.ca_file is None:
            return HTTPConnection(self.host, self.port, timeout=TIMEOUT_SECONDS)
        context = ssl.create_default_context(cafile=self.ca_file)
        return HTTPSConnection(self.host, self.port, timeout=TIMEOUT_SECONDS, context=context)


def _message(text: str) -> str:
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        return text[:200]
