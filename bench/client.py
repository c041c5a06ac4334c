"""A load generator in a process of its own: keep-alive connections that each ask, wait for the answer, and ask again.

`python -m bench.client` reads a Load from standard input and writes the latencies to standard output, in JSON. It reads
answers itself: the standard library's client takes longer to parse a header than the server takes to write it.
"""

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import cycle
from pathlib import Path

ROOT = Path(__file__).parent.parent
LENGTH = b"content-length:"


@dataclass(frozen=True)
class Load:
    """How many requests, these in turn, over how many connections at once."""

    port: int
    messages: Sequence[str]
    requests: int
    connections: int = 1


@dataclass(frozen=True)
class Answers:
    """What came back: each request's seconds, sorted, and the seconds that all took."""

    latencies: Sequence[float]
    elapsed: float

    def quantile(self, share: float) -> float:
        """The latency that this share of the requests does not exceed."""
        return self.latencies[min(int(share * len(self.latencies)), len(self.latencies) - 1)]


def get(path: str) -> str:
    """The request for a path."""
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"


def send(load: Load) -> Answers:
    """Send it all from another process, so that its work is not counted as the server's."""
    command = [sys.executable, "-m", "bench.client"]
    done = subprocess.run(command, input=json.dumps(asdict(load)), capture_output=True, text=True, check=True, cwd=ROOT)
    return Answers(**json.loads(done.stdout))


def _main() -> None:
    load = Load(**json.loads(sys.stdin.read()))
    share = max(load.requests // load.connections, 1)
    latencies: list[float] = []
    threads = [
        threading.Thread(target=_ask, args=(load, number * share, share, latencies))
        for number in range(load.connections)
    ]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answers = Answers(sorted(latencies), time.perf_counter() - began)
    if len(latencies) < share * load.connections:
        sys.exit("Some requests were not answered with 200 or 201.")
    sys.stdout.write(json.dumps(asdict(answers)))


def _ask(load: Load, first: int, count: int, latencies: list[float]) -> None:
    """Ask `count` times, beginning with the message at `first`, on one connection."""
    requests = [message.encode() for message in load.messages]
    turn = cycle(requests[first % len(requests) :] + requests[: first % len(requests)])
    with socket.create_connection(("127.0.0.1", load.port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(count):
            began = time.perf_counter()
            request = next(turn)
            connection.sendall(request)
            _read_answer(connection, request)
            latencies.append(time.perf_counter() - began)


def _read_answer(connection: socket.socket, request: bytes) -> None:
    """Read one whole answer; raises where it is not a 200 or 201 with a Content-Length."""
    received = connection.recv(65536)
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    lowered = head.lower()
    if head[9:12] not in (b"200", b"201") or LENGTH not in lowered:
        raise RuntimeError(f"{request!r} was answered with {head!r}")
    missing = int(lowered.partition(LENGTH)[2].partition(b"\r\n")[0]) - len(body)
    while missing > 0:
        missing -= len(connection.recv(65536))


if __name__ == "__main__":
    _main()
