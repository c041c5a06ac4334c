"""Buyers who come whether or not the shop keeps up: requests are sent at a rate, not when the last one was answered.

`python -m bench.open_loop` reads a Rush from standard input and writes its Outcome to standard output, in JSON. An idle
connection is used again, as a proxy would; otherwise a new one is opened. Meanwhile health checks ask once every
PROBE_SECONDS, each on a connection of its own, as a kubelet does.

It waits for sockets itself: where both are on one machine, what it takes is taken from the shop. asyncio took more than
twice as long, and read no answer while it was late to ask, so that its own queue was in the shop's latencies.
"""

import json
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from selectors import EVENT_READ, DefaultSelector

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


class Connection:
    """One request at a time."""

    def __init__(self, port: int) -> None:
        # On one machine neither connecting nor sending so little has to wait.
        self.socket = socket.socket()
        self.socket.connect(("127.0.0.1", port))
        self.received = b""
        self.asked = 0.0

    def ask(self, message: bytes) -> None:
        """Send a request."""
        self.received, self.asked = b"", time.perf_counter()
        self.socket.sendall(message)

    def read(self) -> bytes | None:
        """The head of the answer, once all of its Content-Length is here; raises OSError where no more comes."""
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionResetError
        self.received += data
        head, end, body = self.received.partition(b"\r\n\r\n")
        length = head.lower().partition(LENGTH)[2].partition(b"\r\n")[0]
        return head if end and len(body) >= int(length or 0) else None


class Crowd:
    """All who ask, whose answers one loop waits for."""

    def __init__(self, rush: Rush, outcome: Outcome) -> None:
        self.rush, self.outcome = rush, outcome
        self.poller = DefaultSelector()
        self.waiting, self.idle = set[Connection](), set[Connection]()

    def run(self) -> None:
        """Send each request at its moment, then wait for the last answers."""
        self.began = time.perf_counter()
        dice, due = random.Random(SEED), 0.0  # noqa: S311  # moments, not secrets
        for message in self.rush.messages:
            due += dice.expovariate(self.rush.per_second)
            self._listen_until(due)
            self._ask(message.encode())
        self.outcome.seconds = self._now()
        while self.waiting and self._now() < self.outcome.seconds + PATIENCE_SECONDS:
            self._listen(PROBE_SECONDS)
        self.outcome.wrong.extend("no answer" for _ in self.waiting)

    def _now(self) -> float:
        return time.perf_counter() - self.began

    def _ask(self, message: bytes) -> None:
        try:
            connection = self.idle.pop() if self.idle else self._connect()
            connection.ask(message)
        except OSError as error:
            self.outcome.wrong.append(repr(error))
        else:
            self.waiting.add(connection)

    def _connect(self) -> Connection:
        connection = Connection(self.rush.port)
        self.poller.register(connection.socket, EVENT_READ, connection)
        return connection

    def _listen_until(self, due: float) -> None:
        """Take answers until a moment, and those that are there where it has passed already."""
        while True:
            early = due - self._now()
            self._listen(max(early, 0))
            if early <= 0:
                return

    def _listen(self, seconds: float) -> None:
        for key, _ in self.poller.select(seconds):
            connection: Connection = key.data
            try:
                head = connection.read()
            except OSError as error:
                self._leave(connection, repr(error))
            else:
                if head:
                    self._note(connection, head)

    def _note(self, connection: Connection, head: bytes) -> None:
        self.waiting.remove(connection)
        came, waited = self._now(), time.perf_counter() - connection.asked
        if head[9:12] in (b"200", b"201"):
            self.outcome.served.append((came, waited))
        elif head[9:12] == b"503" and b"retry-after" in head.lower():
            self.outcome.refused.append((came, waited))
        else:
            self.outcome.wrong.append(head[:200].decode())
        if b"connection: close" in head.lower():
            self._leave(connection)
        else:
            self.idle.add(connection)

    def _leave(self, connection: Connection, problem: str = "") -> None:
        """Close a connection; an idle one that has ended is nobody's loss."""
        self.poller.unregister(connection.socket)
        connection.socket.close()
        if connection in self.waiting:
            self.waiting.remove(connection)
            self.outcome.wrong.append(problem)
        self.idle.discard(connection)


def _probe(rush: Rush, outcome: Outcome, ended: threading.Event) -> None:
    probes = ((rush.port, "/livez"), (rush.port, "/readyz"), (rush.metrics_port, "/metrics"))
    while not ended.is_set():
        for port, path in probes:
            asked = time.perf_counter()
            try:
                head = _answer(port, get(path).replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n").encode())
            except OSError as error:
                outcome.wrong.append(f"{path}: {error!r}")
                continue
            outcome.healthy.append(time.perf_counter() - asked)
            if head[9:12] != b"200":
                outcome.wrong.append(f"{path}: {head[:200].decode()}")
        ended.wait(PROBE_SECONDS)


def _answer(port: int, message: bytes) -> bytes:
    connection = Connection(port)
    with connection.socket:
        connection.socket.settimeout(PATIENCE_SECONDS)
        connection.ask(message)
        while (head := connection.read()) is None:
            pass
        return head


def _main() -> None:
    rush, outcome, ended = Rush(**json.loads(sys.stdin.read())), Outcome(), threading.Event()
    probing = threading.Thread(target=_probe, args=(rush, outcome, ended))
    probing.start()
    Crowd(rush, outcome).run()
    ended.set()
    probing.join()
    sys.stdout.write(json.dumps(asdict(outcome)))


if __name__ == "__main__":
    _main()
