"""Customers who keep asking, and what they were answered."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import cycle

import httpx

from tests.cluster.release import Release

PATHS = ("/", "/api/v1/books")


@dataclass
class Answers:
    """How many were good, and how often there was which other."""

    good: int = 0
    wrong: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, response: httpx.Response) -> None:
        """Count one."""
        with self._lock:
            if response.status_code == HTTPStatus.OK:
                self.good += 1
            else:
                self.wrong[f"{response.status_code} {response.text[:200]}"] += 1

    def fail(self, error: httpx.HTTPError) -> None:
        """Count one that never came."""
        with self._lock:
            self.wrong[repr(error)] += 1


@contextmanager
def traffic(release: Release, clients: int, pause_seconds: float) -> Iterator[Answers]:
    """Requests from clients, every second of which opens a connection for each, until the end of the block."""
    answers = Answers()
    over = threading.Event()

    def ask(client: httpx.Client, headers: dict[str, str]) -> None:
        for path in cycle(PATHS):
            try:
                answers.add(client.get(path, headers=headers))
            except httpx.HTTPError as error:
                answers.fail(error)
            if over.wait(pause_seconds):
                return

    with release.client() as client:
        headers = cycle(({}, {"Connection": "close"}))
        threads = [threading.Thread(target=ask, args=(client, next(headers))) for _ in range(clients)]
        for thread in threads:
            thread.start()
        try:
            yield answers
        finally:
            over.set()
            for thread in threads:
                thread.join()
