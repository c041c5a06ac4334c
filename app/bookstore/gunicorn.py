"""gunicorn's settings, from the application's own (`bookstore serve` runs gunicorn with this file)."""

import gc
import logging
import os
import shutil
import signal
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from gunicorn.glogging import Logger

from bookstore import logs, metrics_folder
from bookstore.config import Settings

gc.disable()  # as cli.py does: the application is imported next

settings = Settings.load()
logs.configure(settings)

ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)
MEMORY = Path("/dev/shm")  # noqa: S108  # shared memory: a heartbeat on a disk can block a worker
_temporary = MEMORY if os.access(MEMORY, os.W_OK) else Path(tempfile.gettempdir())
# One worker keeps them in its own memory, where exemplars have a place, too.
_shares = settings.web_workers > 1 or metrics_folder.VARIABLE in os.environ
shared_metrics = metrics_folder.make(_temporary) if _shares else None

wsgi_app = "bookstore.wsgi:app"
bind = [f"{settings.host}:{settings.port}"]
if settings.metrics_port:
    bind.append(f"{settings.host}:{settings.metrics_port}")
# Imported once, then forked: half the CPU to start and shared memory. Safe since create_app connects to nothing.
preload_app = True
worker_class = "bookstore.worker.Worker"
workers = settings.web_workers
threads = settings.web_threads
timeout = settings.request_timeout_seconds
graceful_timeout = settings.graceful_timeout_seconds
keepalive = settings.keepalive_seconds
# A search in any alphabet, percent-encoded, with its filters and cursor; 4,094 would cut off links that we give.
limit_request_line = 8190
worker_tmp_dir = str(_temporary)
# It would write to the home folder, which is read-only in the image.
control_socket_disable = True
# Which proxies to believe is the application's affair (TRUSTED_PROXIES).
secure_scheme_headers: dict[str, str] = {}


class logger_class(Logger):  # type: ignore[misc]  # noqa: N801  # gunicorn's name for the setting
    """Hand gunicorn's own lines to the root logger; the application writes the access lines."""

    def setup(self, cfg: Any) -> None:
        """Take gunicorn's handlers away."""
        self.error_log.handlers = self.access_log.handlers = []
        self.error_log.propagate = True
        self.error_log.setLevel(logging.NOTSET)  # the root's, which may change

    def debug(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """Write nothing: it would be the path of each request, which can be a secret."""


# Until a worker has handlers of its own, those that it has from the master would swallow a signal to end, and everybody
# wait for it until graceful_timeout: signals are held from before the fork until the worker is ready for them.
os.register_at_fork(after_in_parent=partial(signal.pthread_sigmask, signal.SIG_UNBLOCK, ENDING))


def pre_fork(_server: Any, _worker: Any) -> None:
    """Leave what has been imported out of every later collection: each would copy the memory that workers share."""
    gc.freeze()
    gc.enable()
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)


def post_worker_init(worker: Any) -> None:
    """Send traces from it; flip readiness as soon as it is told to stop, which it can be from now on."""
    from bookstore.health import draining
    from bookstore.tracing import start_export

    start_export(worker.wsgi, settings)

    stop = signal.getsignal(signal.SIGTERM)

    def drain(number: int, frame: Any) -> None:
        draining.set()
        if callable(stop):
            stop(number, frame)

    signal.signal(signal.SIGTERM, drain)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)


def child_exit(_server: Any, worker: Any) -> None:
    """Forget the gauges of a worker that is gone."""
    from prometheus_client.multiprocess import mark_process_dead

    if shared_metrics:
        mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def worker_exit(_server: Any, worker: Any) -> None:
    """Send the last spans."""
    from bookstore.tracing import stop_export

    if getattr(worker, "wsgi", None):
        stop_export(worker.wsgi)


def on_exit(_server: Any) -> None:
    """Leave nothing behind."""
    if shared_metrics:
        shutil.rmtree(shared_metrics, ignore_errors=True)
    sys.stdout.flush()
