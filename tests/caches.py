"""A real Valkey (or Redis) to use and to break."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Self

import pytest
import redis

from tests.servers import free_port

START_SECONDS = 20
PASSWORD = "of-the-tests"


def program() -> str:
    """The server's program; a test that needs it fails in CI where there is none, and is skipped elsewhere."""
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found is None:
        missing = "needs valkey-server or redis-server (on Debian: apt-get install valkey-server, or redis-server)"
        if os.environ.get("CI"):
            pytest.fail(f"{missing}, and CI is set")
        pytest.skip(missing)
    return found


class Valkey:
    """A server on a port that stays its own."""

    def __init__(self, *options: str, password: str = PASSWORD) -> None:
        self.port = free_port()
        self.password = password
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def settings(self) -> dict[str, str]:
        """What a shop has in its environment to use it."""
        return {"CACHE_HOST": "127.0.0.1", "CACHE_PORT": str(self.port), "CACHE_PASSWORD": self.password}

    def client(self) -> redis.Redis:
        """A client that waits as long as it takes."""
        return redis.Redis(port=self.port, password=self.password, protocol=2)

    def start(self) -> None:
        """Start it, empty, and return once it answers."""
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--requirepass", self.password]
        self._process = subprocess.Popen([program(), *options, *self._options], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                with self.client() as client:
                    client.ping()
            except redis.exceptions.ConnectionError:
                assert time.monotonic() < deadline
                time.sleep(0.02)
            else:
                return

    def kill(self) -> None:
        """End it at once, with all that it kept."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @contextmanager
    def paused(self) -> Iterator[None]:
        """It takes connections and answers nothing, then goes on as if nothing had been."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)


@contextmanager
def blackhole() -> Iterator[int]:
    """The port of a server that accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
        yield listening.getsockname()[1]


def fill(client: redis.Redis) -> None:
    """Have it hold more than it may."""
    client.config_set("maxmemory", 1)


def keys(client: redis.Redis, pattern: str) -> Sequence[bytes]:
    """The keys that match."""
    return list(client.scan_iter(pattern))
