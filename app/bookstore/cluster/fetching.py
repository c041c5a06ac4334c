"""GET a page until it is there: the check of `helm test`."""

import time
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

import click

from bookstore.cluster.api import TIMEOUT_SECONDS

PAUSE_SECONDS = 1.0


class NotServed(click.ClickException):
    """The address does not answer with success."""


def fetch(url: str, host: str | None, timeout_seconds: float) -> str:
    """The status line, once it is a success; a new Service or route may need a moment."""
    deadline = time.monotonic() + timeout_seconds
    while True:
        status, wrong = _status(url, host)
        if wrong is None:
            return status
        if time.monotonic() + PAUSE_SECONDS > deadline:
            raise NotServed(f"{url} does not answer as it should: {wrong}")
        time.sleep(PAUSE_SECONDS)


def _status(url: str, host: str | None) -> tuple[str, str | None]:
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
    path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    try:
        connection.request("GET", path, headers={"Host": host} if host else {})
        response = connection.getresponse()
        response.read()
    except (OSError, HTTPException) as error:
        return "", str(error) or type(error).__name__
    finally:
        connection.close()
    line = f"{response.status} {response.reason}"
    return line, None if HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES else line
