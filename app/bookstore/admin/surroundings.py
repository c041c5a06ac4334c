"""What is around the process in its pod, for `bookstore doctor --cluster`: names, clock, folders and memory."""

import os
import shutil
import socket
import ssl
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from bookstore.config import Settings

SLOW_SECONDS = 1.0
API_TIMEOUT_SECONDS = 2.0
# HTTP's Date has no fractions.
LARGEST_CLOCK_DIFFERENCE_SECONDS = 5.0
LEAST_FREE_BYTES = 4 << 20
FOLDERS = (Path("/tmp"), Path("/dev/shm"))  # noqa: S108  # where the image may write
# A worker may grow to 90 MB (bench/results.md), beside what all of them share.
SHARED_BYTES, WORKER_BYTES = 64 << 20, 90 << 20
MEMORY_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
# cgroup v1 says a number near 2^63 where there is no limit.
UNLIMITED_BYTES = 1 << 60


class Finding(NamedTuple):
    """What a check found: `wrong` says what and what to do, None where all is well; `detail` is worth knowing then."""

    name: str
    wrong: str | None
    detail: str = ""


def examine(settings: Settings) -> Iterator[Finding]:
    """Every check of the surroundings; none needs kubectl, a token, or another answer first."""
    for setting, host in hosts(settings).items():
        yield name_service(setting, host)
    yield api_clock(os.environ)
    for folder in FOLDERS:
        yield writable(folder)
    yield memory(settings.web_workers, _limit_of_memory())


def hosts(settings: Settings) -> dict[str, str]:
    """The names that the shop must look up, by the setting that has them."""
    named = {
        "DATABASE_HOST": settings.database.host or str(settings.database.query.get("host", "")),
        "CACHE_HOST": settings.cache_host,
        "SMTP_HOST": settings.smtp_host,
        "PAYMENT_URL": urlsplit(settings.payment_url or "").hostname,
        "TRACING_ENDPOINT": urlsplit(settings.tracing_endpoint or "").hostname,
    }
    # A path is a Unix socket's folder.
    return {setting: host for setting, host in named.items() if host and not host.startswith("/")}


def name_service(setting: str, host: str) -> Finding:
    """Whether a host's name has an address, and how long it took to learn it."""
    began = time.monotonic()
    try:
        socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        remedy = f"correct {setting}, or let this pod reach the resolver (networkPolicy.dns)"
        return Finding(f"dns {host}", f"{error.strerror or error}: {remedy}")
    seconds = time.monotonic() - began
    if seconds > SLOW_SECONDS:
        return Finding(
            f"dns {host}", f"took {seconds:.1f} s: see to the cluster's resolver, or lower ndots (dnsConfig)"
        )
    return Finding(f"dns {host}", None, f"{seconds * 1000:.0f} ms")


def api_clock(environment: Mapping[str, str]) -> Finding:
    """How far this clock is from that of the Kubernetes API, which mostly no policy lets this pod reach."""
    host, port = environment.get("KUBERNETES_SERVICE_HOST"), environment.get("KUBERNETES_SERVICE_PORT")
    if not host or not port:
        return Finding("clock of the Kubernetes API", None, "not asked: this is no pod")
    # Nothing is believed but the time, and nothing is sent: the certificate's authority is not mounted here.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection: HTTPConnection = HTTPSConnection(host, int(port), timeout=API_TIMEOUT_SECONDS, context=context)
    try:
        connection.request("HEAD", "/version")
        theirs = parsedate_to_datetime(connection.getresponse().headers["Date"])
    except (OSError, HTTPException, TypeError, ValueError) as error:
        return Finding("clock of the Kubernetes API", None, f"not compared ({type(error).__name__})")
    finally:
        connection.close()
    apart = abs((datetime.now(UTC) - theirs).total_seconds())
    if apart >= LARGEST_CLOCK_DIFFERENCE_SECONDS:
        return Finding("clock of the Kubernetes API", f"differs by {apart:.0f} s: see to the node's time (NTP)")
    return Finding("clock of the Kubernetes API", None, f"within {LARGEST_CLOCK_DIFFERENCE_SECONDS:.0f} s")


def writable(folder: Path, least_free_bytes: int = LEAST_FREE_BYTES) -> Finding:
    """Whether a folder takes files, and has room for more."""
    name = f"folder {folder}"
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"\0" * 4096)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return Finding(name, f"{error.strerror}: mount a volume there (emptyDir, medium Memory) that user may write to")
    if free < least_free_bytes:
        size = "workload.tmpSize or sharedMemorySize"
        return Finding(name, f"has {free >> 20} MiB free, less than {least_free_bytes >> 20}: raise {size}")
    return Finding(name, None, f"{free >> 20} MiB free")


def memory(workers: int, limit_bytes: int | None) -> Finding:
    """Whether the container's limit is enough for its workers."""
    if limit_bytes is None:
        return Finding("memory", None, "no limit")
    needed = SHARED_BYTES + workers * WORKER_BYTES
    found = f"{limit_bytes >> 20} MiB for {workers} workers"
    if limit_bytes < needed:
        return Finding(
            "memory", f"{found}, which may need {needed >> 20}: raise resources.limits.memory or lower workers"
        )
    return Finding("memory", None, found)


def _limit_of_memory() -> int | None:
    for file in MEMORY_LIMITS:
        try:
            limit = int(file.read_text())
        except (OSError, ValueError):
            continue  # not this version of cgroups, or "max"
        if limit < UNLIMITED_BYTES:
            return limit
    return None
