"""Buyers who come whether or not the shop keeps up: requests are sent at a rate, not when the last one was answered.

`python -m bench.open_loop` reads a Rush from standard input and writes its Outcome to standard output, in JSON. An idle
connection is used again, as a proxy would; otherwise a new one is opened. Meanwhile health checks ask once every
PROBE_SECONDS, each on a connection of its own, as a kubelet does.
"""

import asyncio
import json
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Self

from bench.client import LENGTH, ROOT, get

PATIENCE_SECONDS = 10.0
PROBE_SECONDS = 0.5
SEED = 20_261_124


@dataclass(frozen=True)
class Rush:
    """These requests, so many a second, at random moments; and the ports of health checks."""

    port: int
    metrics_port: int
    messages: Sequence[str]
    per_second: float


@dataclass
class Outcome:
    """When each answer came and how long it took, in seconds; health checks have but the latter."""

    served: list[tuple[float, float]] = field(default_factory=list)
    refused: list[tuple[float, float]] = field(default_factory=list)
    healthy: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0

    @property
    def goodput(self) -> float:
        """Orders a second, of those that were answered while the rush lasted."""
        return sum(came <= self.seconds for came, _ in self.served) / self.seconds


def send(rush: Rush) -> Outcome:
    """Send it all from another process."""
    command = [sys.executable, "-m", "bench.open_loop"]
    done = subprocess.run(command, input=json.dumps(asdict(rush)), capture_output=True, text=True, check=True, cwd=ROOT)
    return Outcome(**json.loads(done.stdout))


class Connection(asyncio.Protocol):
    """One request at a time."""

    def __init__(self) -> None:
        self.received = bytearray()
        self.answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport | None = None

    @classmethod
    async def to(cls, port: int) -> Self:
        """A new one."""
        _, connection = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        return connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what to write to."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # asyncio's promise for TCP
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Collect an answer; it is whole when all of its Content-Length is here."""
        self.received += data
        head, end, body = self.received.partition(b"\r\n\r\n")
        if end and not self.answer.done():
            length = head.lower().partition(LENGTH)[2].partition(b"\r\n")[0]
            if len(body) >= int(length or 0):
                self.answer.set_result(bytes(head))

    def connection_lost(self, exc: Exception | None) -> None:
        """Say so to who waits."""
        if not self.answer.done():
            self.answer.set_exception(ConnectionResetError())
            self.answer.exception()  # an idle connection that was closed is nobody's loss

    async def ask(self, message: bytes) -> bytes:
        """The head of the answer."""
        assert self.transport is not None  # noqa: S101
        self.received.clear()
        self.answer = asyncio.get_running_loop().create_future()
        self.transport.write(message)
        return await asyncio.wait_for(self.answer, PATIENCE_SECONDS)

    @property
    def is_open(self) -> bool:
        """Whether it can be used again."""
        return self.transport is not None and not self.transport.is_closing()

    def close(self) -> None:
        """End it."""
        if self.transport is not None:
            self.transport.close()


async def _main() -> None:
    rush = Rush(**json.loads(sys.stdin.read()))
    outcome, idle = Outcome(), list[Connection]()
    began = time.perf_counter()
    dice = random.Random(SEED)  # noqa: S311  # moments, not secrets
    due = 0.0
    async with asyncio.TaskGroup() as group:
        probing = group.create_task(_probe(rush, outcome))
        async with asyncio.TaskGroup() as asking:
            for message in rush.messages:
                due += dice.expovariate(rush.per_second)
                if (early := due - (time.perf_counter() - began)) > 0:
                    await asyncio.sleep(early)
                asking.create_task(_ask(rush.port, message.encode(), idle, outcome, began))
            outcome.seconds = time.perf_counter() - began
        probing.cancel()
    sys.stdout.write(json.dumps(asdict(outcome)))


async def _ask(port: int, message: bytes, idle: list[Connection], outcome: Outcome, began: float) -> None:
    sent = time.perf_counter()
    try:
        connection = await _connection(port, idle)
        head = await connection.ask(message)
    except (OSError, TimeoutError) as error:
        outcome.wrong.append(repr(error))
        return
    came = time.perf_counter()
    if head[9:12] in (b"200", b"201"):
        outcome.served.append((came - began, came - sent))
    elif head[9:12] == b"503" and b"retry-after" in head.lower():
        outcome.refused.append((came - began, came - sent))
    else:
        outcome.wrong.append(head[:200].decode())
    if b"connection: close" in head.lower():
        connection.close()
    else:
        idle.append(connection)


async def _connection(port: int, idle: list[Connection]) -> Connection:
    while idle:
        if (connection := idle.pop()).is_open:
            return connection
    return await Connection.to(port)


async def _probe(rush: Rush, outcome: Outcome) -> None:
    probes = ((rush.port, "/livez"), (rush.port, "/readyz"), (rush.metrics_port, "/metrics"))
    while True:
        for port, path in probes:
            asked = time.perf_counter()
            try:
                connection = await Connection.to(port)
                message = get(path).replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")
                head = await connection.ask(message.encode())
            except (OSError, TimeoutError) as error:
                outcome.wrong.append(f"{path}: {error!r}")
                continue
            connection.close()
            outcome.healthy.append(time.perf_counter() - asked)
            if head[9:12] != b"200":
                outcome.wrong.append(f"{path}: {head[:200].decode()}")
        await asyncio.sleep(PROBE_SECONDS)


if __name__ == "__main__":
    asyncio.run(_main())
