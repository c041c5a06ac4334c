"""/livez: the process answers. /readyz: it can serve, that is, the database answers and has the schema.

Liveness never asks the database: restarting this process does not mend another. A process that got SIGTERM is live,
but no longer ready.
"""

import threading
from concurrent.futures import Future, ThreadPoolExecutor

import structlog
from flask import Blueprint, Flask, Response
from sqlalchemy import create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from bookstore import schema
from bookstore.config import Settings
from bookstore.connecting import Connector, connect_args
from bookstore.db import limit_waiting

DATABASE_ANSWERS_WITHIN_SECONDS = 1.0
# Later probes wait for the answer to an earlier question, but not for one that never comes.
GIVE_UP_AFTER_SECONDS = 5.0

draining = threading.Event()
log = structlog.get_logger(__name__)


class Readiness:
    """Asks the database whether it can serve, over a connection outside the pool: load alone is no failure."""

    def __init__(self, settings: Settings, connector: Connector) -> None:
        self._engine = create_engine(settings.database, poolclass=NullPool, connect_args=connect_args(settings))
        connector.serve(self._engine)
        event.listen(self._engine, "connect", lambda new, _record: limit_waiting(new, GIVE_UP_AFTER_SECONDS))
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="readiness")
        self._asked: Future[str | None] | None = None

    def reason_against(self) -> str | None:
        """Why this process cannot serve, or None when it can; answers within a second."""
        if draining.is_set():
            return "shutting down"
        # A hung database holds the one thread; later probes wait for the same answer instead of piling up.
        if self._asked is None or self._asked.done():
            self._asked = self._pool.submit(self._ask)
        try:
            return self._asked.result(timeout=DATABASE_ANSWERS_WITHIN_SECONDS)
        except TimeoutError:
            return "the database does not answer"

    def _ask(self) -> str | None:
        try:
            with self._engine.connect() as connection:
                return schema.reason_against(connection)
        except SQLAlchemyError as error:
            log.warning("not_ready", error=type(error).__name__, reason=str(getattr(error, "orig", error)))
            return "the database does not answer"


def init_app(app: Flask, settings: Settings) -> None:
    """Register both probes."""
    blueprint = Blueprint("health", __name__)
    readiness = Readiness(settings, app.extensions["connector"])

    @blueprint.get("/livez")
    def livez() -> Response:
        return _plain("ok", 200)

    @blueprint.get("/readyz")
    def readyz() -> Response:
        reason = readiness.reason_against()
        return _plain("ok", 200) if reason is None else _plain(reason, 503)

    app.register_blueprint(blueprint)


def _plain(text: str, status: int) -> Response:
    headers = {"Cache-Control": "no-store"} | ({"Retry-After": "2"} if status == 503 else {})
    return Response(text + "\n", status, headers, mimetype="text/plain")
