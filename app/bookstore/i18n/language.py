"""Which languages there are, and which is spoken now."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

ENGLISH = "en"


@dataclass(frozen=True)
class Language:
    """A language of the pages."""

    name: str
    """As its speakers call it."""
    locale: str
    """Babel's name of how its dates, numbers and prices are written."""


LANGUAGES: Mapping[str, Language] = {ENGLISH: Language("English", "en_US"), "de": Language("Deutsch", "de_DE")}

_spoken: ContextVar[str] = ContextVar("spoken", default=ENGLISH)


def current() -> str:
    """The code of the language that is spoken: an e-mail's while it is written, else the address's, else English."""
    return _spoken.get()


def locale() -> str:
    """Babel's locale of the language that is spoken."""
    return LANGUAGES[current()].locale


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak a language, whichever was spoken before; English for one that a later release wrote into the database."""
    token = _spoken.set(language if language in LANGUAGES else ENGLISH)
    try:
        yield
    finally:
        _spoken.reset(token)
