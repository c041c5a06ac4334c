"""What the catalogue shows to everybody, kept in Valkey so that PostgreSQL is asked less often (optional, ADR 0017).

Nothing true lives here. An answer is kept together with the versions of what it shows; whoever changes that removes
the versions once the change is committed, and what was kept under them is never served again.
"""

import hashlib
import random
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import cast

import structlog
from flask import Flask, current_app, g
from sqlalchemy.exc import SQLAlchemyError

from bookstore import __version__, tuning
from bookstore.cache import metrics
from bookstore.cache.epoch import Epoch
from bookstore.cache.flights import Flights
from bookstore.cache.server import Server, Unavailable
from bookstore.config import Settings

# Of names, prices and what is on sale: everything that is kept has it beside the version of what it shows.
EVERYTHING = "catalogue"
VERSION_BYTES = 9
LONGEST_VERSION_SECONDS = 86_400

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Shown:
    """What an answer shows of the catalogue: the versions, and the epoch in which they count."""

    epoch: str
    names: list[str]
    versions: list[bytes]


class Cache:
    """Reads through the cache, and forgets; without a server each read is the given one."""

    def __init__(self, settings: Settings) -> None:
        self._epoch = Epoch()
        self._server = Server(settings, when_back=self._epoch.expire) if settings.cache_host else None
        self._flights = Flights()
        self._prefix = settings.cache_prefix
        # Another release may keep other data, and another key signs other cursors.
        key = settings.secret_key.get_secret_value().encode()
        self._release = hashlib.blake2b(
            __version__.encode(), key=hashlib.sha256(key).digest(), digest_size=6
        ).hexdigest()

    @property
    def enabled(self) -> bool:
        """Whether there is a server at all."""
        return self._server is not None

    def read(self, key: str, shows: str, make: Callable[[], bytes]) -> bytes:
        """What is kept under the key, else what `make` gives, empty for what is not there.

        `shows` names what else than the catalogue as a whole changes it. `g.shown` is then what the answer shows, where
        that is known, and from this read alone.
        """
        alone, g.shown = "shown" not in g, None
        tuned = tuning.current()
        server = self._server
        if server is None or not tuned.cache_ttl_seconds or not server.usable(tuned):
            return make()
        epoch = self._epoch.current()
        names = [self._version(EVERYTHING), self._version(shows)]
        # The time is in the name, so that a shorter one holds for what was kept before, too.
        place = f"{self._prefix}:{epoch}:{self._release}:{tuned.cache_ttl_seconds}:{key}"
        try:
            versions, kept = self._look(server, names, place, tuned.cache_ttl_seconds)
        except Unavailable:
            metrics.READS.labels("error").inc()
            return make()
        if alone:
            g.shown = Shown(epoch, names, versions)
        stamp = b"".join(versions)
        if kept is not None and kept.startswith(stamp):
            metrics.READS.labels("hit").inc()
            return kept[len(stamp) :]
        metrics.READS.labels("miss").inc()

        def fill() -> bytes:
            made = make()
            seconds = tuned.cache_ttl_seconds if made else min(tuned.cache_ttl_seconds, tuned.cache_missing_ttl_seconds)
            if seconds:
                # Up to a tenth shorter, so that what was kept together does not end together.
                life = int(seconds * 1000 * random.uniform(0.9, 1))  # noqa: S311  # not for secrets
                server.attempt("SET", place, stamp + made, "PX", max(life, 1))
            return made

        # Under its versions, so that who comes after a change never joins who began to read before it.
        return self._flights.join((place, stamp), fill)

    def _look(self, server: Server, names: list[str], place: str, ttl_seconds: int) -> tuple[list[bytes], bytes | None]:
        """The versions, made where they are missing, and what is kept; all in one round trip where it is there."""
        *versions, kept = server.ask("MGET", *names, place)
        life = min(2 * ttl_seconds, LONGEST_VERSION_SECONDS) + 1
        for index, name in enumerate(names):
            if versions[index] is None:
                # Random, so that no version ever comes again; before the read, so that no change falls between.
                new = secrets.token_bytes(VERSION_BYTES)
                versions[index] = server.ask("SET", name, new, "NX", "GET", "EX", life) or new
        return versions, kept

    def still_shows(self, shown: Shown) -> bool:
        """Whether all of it is as it was; not where that cannot be told by one question to a server that is well."""
        server = self._server
        if server is None or not server.well or self._epoch.known() != shown.epoch:
            return False
        try:
            same: bool = server.ask("MGET", *shown.names) == shown.versions
        except Unavailable:
            metrics.READS.labels("error").inc()
            return False
        if same:
            metrics.READS.labels("hit").inc()
        return same

    def forget(self, names: Iterable[str]) -> None:
        """Have nothing that shows these be served again: call it once their change is committed. Never raises.

        A server that is away misses it, and may come back with what it kept: then the epoch changes instead, which
        every process learns from the database.
        """
        if self._server is None:
            return
        if self._server.attempt("DEL", *[self._version(name) for name in names]):
            metrics.FORGOTTEN.labels("told").inc()
            return
        metrics.FORGOTTEN.labels("missed").inc()
        try:
            self._epoch.change()
        except SQLAlchemyError as error:
            log.warning("cache_epoch_unchanged", error=type(error).__name__, remedy="kept pages end with their time")

    def _version(self, name: str) -> str:
        return f"{self._prefix}:version:{name}"


def init_app(app: Flask, settings: Settings) -> None:
    """Connect to nothing yet."""
    metrics.begin()
    app.extensions["cache"] = Cache(settings)


def current() -> Cache:
    """The cache of the application that serves."""
    return cast(Cache, current_app.extensions["cache"])
