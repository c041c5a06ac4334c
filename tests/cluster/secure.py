"""A shop whose Ingress speaks TLS, with a certificate that its customers verify."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from tests.chart.conftest import missing
from tests.cluster.release import Release

HTTPS = 443


@dataclass(frozen=True)
class Secured(Release):
    """A release whose customers come over TLS, and believe what is in a context."""

    context: ssl.SSLContext | None = None

    @contextmanager
    def client(self) -> Iterator[httpx.Client]:
        """A client of its Ingress, who verifies the certificate for the host's name."""
        assert self.context
        address, host = self.ingress()

        def name(request: httpx.Request) -> None:
            request.extensions["sni_hostname"] = host

        with httpx.Client(
            base_url=f"https://{address}", headers={"Host": host}, verify=self.context,
            event_hooks={"request": [name]}, timeout=30,
        ) as client:  # fmt: skip
            yield client


def secured(release: Release, context: ssl.SSLContext) -> Secured:
    """A release over TLS, where the cluster's Ingress speaks it."""
    address = release.ingress()[0]
    if not listens(address, HTTPS):
        missing(f"nothing at {address} speaks TLS")
    return Secured(**vars(release), context=context)


def listens(host: str, port: int) -> bool:
    """Whether anything does there."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0


def shown(release: Secured) -> str:
    """The certificate that whoever connects to it now is shown, as PEM."""
    with release.client() as client, client.stream("GET", "/") as response:
        connection = response.extensions["network_stream"].get_extra_info("ssl_object")
        return ssl.DER_cert_to_PEM_cert(connection.getpeercert(True))
