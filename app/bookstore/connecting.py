"""How a running process comes to a new connection although what it knew at its start has changed, or cannot be asked.

The password's file is read anew, since a mounted Secret changes beneath it, and the password that was right the last
time still counts: so one can be changed in the Secret first, then in PostgreSQL. The addresses of the host are
remembered, so that a process goes on while the cluster's DNS is away.
"""

import os
import socket
from concurrent.futures import Future, ThreadPoolExecutor
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import psycopg
import structlog
from psycopg import Connection, OperationalError
from psycopg.errors import ConnectionTimeout
from sqlalchemy import Engine, event

from bookstore.config import Settings

# What is known already is used when the resolver has said nothing for so long: a name that it knows takes milliseconds.
PATIENCE_SECONDS = 0.3
LOOK_UPS = 3

log = structlog.get_logger(__name__)


def connect_args(settings: Settings) -> dict[str, Any]:
    """What psycopg gets with each new connection."""
    return {
        "application_name": "bookstore",
        "connect_timeout": settings.database_connect_timeout_seconds,
        # A vanished server is noticed by the kernel rather than by a hanging request.
        "tcp_user_timeout": 10_000,
        "keepalives_idle": 30,
        "prepare_threshold": 5 if settings.database_prepared_statements else None,
    }


class Addresses:
    """The addresses of host names, each as it was found the last time."""

    def __init__(self) -> None:
        # A look-up has the resolver's limits of time: only who knows no address at all waits for its end. The first of
        # a new pod may well take 5 s, until the policies let it through.
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="addresses")
        self._asked: dict[str, Future[list[str]]] = {}
        self._known: dict[str, list[str]] = {}

    def of(self, host: str) -> list[str]:
        """The addresses, of the last time where there is no answer now; raises OperationalError."""
        if (asked := self._asked.get(host)) is None or asked.done():
            asked = self._asked[host] = self._pool.submit(_look_up, host)
        known = self._known.get(host)
        try:
            self._known[host] = asked.result(None if known is None else PATIENCE_SECONDS)
        except (OSError, TimeoutError) as error:
            reason = f"failed to resolve {host}: {str(error) or 'no answer yet'}"
            if known is None:
                raise OperationalError(reason) from error
            log.warning("address_of_before", reason=reason, remedy="see to the cluster's DNS")
        return self._known[host]


def _look_up(host: str) -> list[str]:
    """A resolver that has no answer (EAI_AGAIN, RFC 3493) is asked again: a new pod's first packets may be lost."""
    for _ in range(LOOK_UPS - 1):
        try:
            return _resolved(host)
        except socket.gaierror as error:
            if error.errno != socket.EAI_AGAIN:
                raise
    return _resolved(host)


def _resolved(host: str) -> list[str]:
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class Connector:
    """Opens the connections of an application's engines."""

    def __init__(self, settings: Settings) -> None:
        self._addresses = Addresses()
        self._file = _password_file(settings)
        self._last = settings.database.password

    def serve(self, engine: Engine) -> None:
        """Open each new connection of an engine."""
        event.listen(engine, "do_connect", self._connect)

    def _connect(self, _dialect: Any, _record: Any, _arguments: Any, options: dict[str, Any]) -> Connection[Any]:
        options = options | self._found(options.get("host"))
        *others, last = self._passwords()
        for password in others:
            try:
                return self._connected(options, password)
            except ConnectionTimeout:
                raise
            except OperationalError:
                continue
        return self._connected(options, last)

    def _connected(self, options: dict[str, Any], password: str | None) -> Connection[Any]:
        # By the module's name: tracing puts its own function there.
        connection = psycopg.connect(**options | {"password": password})
        self._last = password
        return connection

    def _passwords(self) -> list[str | None]:
        """The one in the file; then the one that was right the last time, and again the first.

        That the server takes in the place of the other at any moment: also after it has refused the first.
        """
        try:
            now = self._file.read_text().strip() if self._file else self._last
        except OSError as error:
            log.warning("password_unreadable", reason=str(error), remedy="see to the file in SECRETS_DIR")
            now = self._last
        return [now] if now == self._last else [now, self._last, now]

    def _found(self, host: str | None) -> dict[str, str]:
        """What psycopg need not look up; its `host` stays the name that a certificate must have."""
        if host is None or not _is_name(host):
            return {}
        addresses = self._addresses.of(host)
        return {"host": ",".join([host] * len(addresses)), "hostaddr": ",".join(addresses)}


def _is_name(host: str) -> bool:
    """Whether it is one host's name: no folder of a socket, no list, no address."""
    if not host or host.startswith("/") or "," in host:
        return False
    try:
        ip_address(host)
    except ValueError:
        return True
    return False


def _password_file(settings: Settings) -> Path | None:
    """The file that the password came from, None where it came from the environment."""
    folder = os.environ.get("SECRETS_DIR")
    if folder is None or settings.database_url is not None or "DATABASE_PASSWORD" in os.environ:
        return None
    return Path(folder, "DATABASE_PASSWORD")
