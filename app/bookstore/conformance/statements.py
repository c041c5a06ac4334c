"""What a statement is: a sentence about an install, what it needs to be asked, and a function that asks."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from bookstore.conformance.factors import Factor
from bookstore.conformance.install import Answer, Install
from bookstore.conformance.objects import Object

OK, SERVER_ERROR = 200, 500


class Need(StrEnum):
    """What a statement needs beside labelled objects, as a reader of the table is told it."""

    LOGS = "the logs of its pods"
    ANSWERS = "a Service that answers HTTP"
    OTHER = "another environment: --against NAMESPACE"
    IMAGE = "to run inside the release's image: helm test"
    DISTURB = "leave to disturb it: --disturb"


class Broken(Exception):
    """The install is not as stated; the message is the evidence."""


class NotAsked(Exception):
    """The question has no sense for this install; the message says why."""


@dataclass
class Run:
    """What is asked about, and how."""

    install: Install
    other: Install | None = None
    in_image: bool = False
    disturb: bool = False
    start_seconds: float = 60.0
    # How long after the beginning something may still be on its way: a new pod's first packets wait for its policies.
    patience_seconds: float = 60.0
    began: float = field(default_factory=time.monotonic)
    # Of what was disturbed once for several statements.
    kept: dict[str, object] = field(default_factory=dict)

    @property
    def both(self) -> tuple[Install, Install]:
        """The install and the one that it is compared with."""
        if self.other is None:
            raise NotAsked(f"needs {Need.OTHER}")
        return self.install, self.other

    def answer(self, install: Install, service: Object, path: str) -> Answer:
        """What a Service answers; asked again for a while where it is none, or an error of a server."""
        while True:
            answer = install.ask(service, path)
            if OK <= answer.status < SERVER_ERROR or not self.is_patient():
                return answer

    def is_patient(self) -> bool:
        """Whether to ask again, after a pause."""
        if time.monotonic() >= self.began + self.patience_seconds:
            return False
        time.sleep(1)
        return True

    def lacks(self, needs: Iterable[Need]) -> list[Need]:
        """What a statement needs and this run does not have."""
        given = {Need.OTHER: self.other is not None, Need.IMAGE: self.in_image, Need.DISTURB: self.disturb}
        return [need for need in needs if not given.get(need, True)]


@dataclass(frozen=True)
class Statement:
    """A sentence that holds of an install, or does not."""

    factor: Factor
    sentence: str
    # What must be caught: the deliberately broken install of its test.
    catches: str
    ask: Callable[[Run], str]
    needs: tuple[Need, ...] = ()

    @property
    def name(self) -> str:
        """How a test calls it."""
        return self.ask.__name__


class Statements(list[Statement]):
    """A list that functions are added to by a decorator."""

    def __call__(
        self, factor: Factor, sentence: str, *needs: Need, catches: str
    ) -> Callable[[Callable[[Run], str]], Callable[[Run], str]]:
        """Add a function that gives its evidence, or raises Broken with what it saw instead."""

        def add(ask: Callable[[Run], str]) -> Callable[[Run], str]:
            self.append(Statement(factor, sentence, catches, ask, needs))
            return ask

        return add


def broken_if(found: Iterable[str]) -> None:
    """Raise Broken with what was found, if anything was."""
    if listed := sorted(set(found)):
        raise Broken("; ".join(listed))
