"""What may change while a process runs: files in TUNING_DIR (a mounted ConfigMap) over the settings of their names.

gunicorn's workers look every few seconds, with or without requests (worker.py).
"""

import threading
import time
from pathlib import Path
from typing import cast

import structlog
from flask import Flask, current_app
from pydantic import BaseModel, ConfigDict, ValidationError

from bookstore import logs
from bookstore.config import BreakerSeconds, CacheEntries, CacheEviction, CacheSeconds, LogLevel, Settings

LOOK_AGAIN_SECONDS = 2.0

log = structlog.get_logger(__name__)


class Tuning(BaseModel):
    """Frozen once read; read again, another object takes its place."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    cache_max_entries: CacheEntries
    cache_ttl_seconds: CacheSeconds
    cache_missing_ttl_seconds: CacheSeconds
    cache_breaker_seconds: BreakerSeconds
    cache_eviction: CacheEviction
    log_level: LogLevel


def read(settings: Settings) -> Tuning:
    """The files that are there over the settings; raises pydantic's ValidationError."""
    given = {name: getattr(settings, name) for name in Tuning.model_fields}
    files = {name: file.read_text().strip() for name, file in _files(settings).items() if file.is_file()}
    return Tuning.model_validate(given | files)


def _files(settings: Settings) -> dict[str, Path]:
    folder = settings.tuning_dir
    return {name: folder / name.upper() for name in Tuning.model_fields} if folder else {}


class Tuned:
    """The tuning in force: looks at the files every few seconds at most, and reads them only when they have changed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._tuning = Tuning.model_construct(**{name: getattr(settings, name) for name in Tuning.model_fields})
        self._seen: object = None
        self._next_look = 0.0
        self._looking = threading.Lock()

    def current(self) -> Tuning:
        """What holds now; a wrong value is logged once and changes nothing."""
        if time.monotonic() >= self._next_look and self._looking.acquire(blocking=False):
            try:
                self._next_look = time.monotonic() + LOOK_AGAIN_SECONDS
                self._look()
            finally:
                self._looking.release()
        return self._tuning

    def _look(self) -> None:
        # Before reading: what changes meanwhile is seen the next time.
        seen = [_version(file) for file in _files(self._settings).values()]
        if seen == self._seen:
            return
        self._seen = seen
        before = self._tuning
        try:
            self._tuning = read(self._settings)
            if self._tuning.log_level != before.log_level:
                logs.threshold.set(self._tuning.log_level)
                log.warning("log_level_changed", before=before.log_level, now=self._tuning.log_level)
        except ValidationError as error:
            for item in error.errors(include_input=False, include_url=False):
                name = str(item["loc"][0]).upper()
                log.warning(
                    "tuning_refused", setting=name, reason=item["msg"], remedy=f"correct {name}; the old one stays"
                )
        except (OSError, UnicodeError) as error:
            log.warning("tuning_unreadable", reason=str(error), remedy="see to the files in TUNING_DIR")


def _version(file: Path) -> tuple[int, ...]:
    try:
        found = file.stat()
    except OSError:
        return ()
    # A ConfigMap's update swaps a symbolic link above the file, which is then another one.
    return found.st_ino, found.st_mtime_ns, found.st_size


def init_app(app: Flask, settings: Settings) -> None:
    """Nothing is read until a request asks for it."""
    app.extensions["tuning"] = Tuned(settings)


def current() -> Tuning:
    """The tuning of the application that serves."""
    return cast(Tuned, current_app.extensions["tuning"]).current()
