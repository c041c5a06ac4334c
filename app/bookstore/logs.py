"""Logs as an event stream on stdout (twelve-factor XI): one JSON object a line, or a readable form on a terminal.

Each request has an id (`X-Request-ID`, taken from the caller where it is a plain one, and given back) and, where it has
one, a trace id (tracing.py); both are on every line of that request. docs/logging.md lists the fields.
"""

import logging
import re
import sys
import time
import uuid
from typing import Any

import orjson
import structlog
from flask import Flask, Response, g, request

from bookstore.arrival import arrived
from bookstore.config import LogFormat, Settings

HEADER = "X-Request-ID"
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")

LEVELS = logging.getLevelNamesMapping()

log = structlog.get_logger("bookstore.access")


class Threshold:
    """The least level that is logged, which may change while the process runs."""

    def __init__(self) -> None:
        self._least = logging.INFO

    def set(self, level: str) -> None:
        """Let it be the level of this name, for the shop's own lines and for those of libraries."""
        self._least = LEVELS[level]
        logging.getLogger().setLevel(level)

    def __call__(self, _logger: object, method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        """As structlog's processor: drop what is beneath it."""
        if LEVELS[method.upper()] < self._least:
            raise structlog.DropEvent
        return event


threshold = Threshold()


def configure(settings: Settings) -> None:
    """Send structlog's and the standard library's records to stdout in one form.

    The shop's own lines go straight there; those of libraries come by way of the standard library's root logger.
    """
    as_json = settings.log_format is LogFormat.JSON or (
        settings.log_format is LogFormat.AUTO and not sys.stdout.isatty()
    )
    processors: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
    ]
    last: list[structlog.typing.Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(orjson.dumps, default=str)]
        if as_json
        # A plain traceback: the pretty one prints local variables, and so secrets.
        else [
            structlog.dev.ConsoleRenderer(
                timestamp_key="time", colors=sys.stdout.isatty(), exception_formatter=structlog.dev.plain_traceback
            ),
            _encoded,
        ]
    )
    structlog.configure(
        processors=[threshold, *processors, *last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.NOTSET),
        logger_factory=structlog.BytesLoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=processors,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last, _decoded],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    threshold.set(settings.log_level)


def _encoded(_logger: object, _method: str, line: Any) -> bytes:
    return str(line).encode(errors="backslashreplace")


def _decoded(_logger: object, _method: str, line: Any) -> str:
    return bytes(line).decode()


def init_app(app: Flask, settings: Settings) -> None:
    """Bind an id to each request, and write one access line at its end."""

    @app.before_request
    def begin() -> None:
        g.began = arrived()
        g.request_id = bind(request.headers.get(HEADER, ""), g.trace.id)

    @app.after_request
    def end(response: Response) -> Response:
        response.headers[HEADER] = g.request_id
        route = request.url_rule.rule if request.url_rule else None
        answered(request.method, route, response.status_code, response.content_length, g.began)
        return response


def bind(sent: str, trace_id: str | None) -> str:
    """Have every line say the request's id, which is the one that was sent if it will do; gives it."""
    request_id = sent if REQUEST_ID.fullmatch(sent) else uuid.uuid4().hex
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=request_id, **({"trace_id": trace_id} if trace_id else {}))
    return request_id


def answered(method: str, route: str | None, status: int, length: int | None, began: float) -> None:
    """Write the line of a request that began at that second of `time.perf_counter`.

    The route is the template's, not the path: a path can hold what is secret, and has no bound.
    """
    took = round((time.perf_counter() - began) * 1000, 2)
    log.info("request", method=method, route=route, status=status, bytes=length, duration_ms=took)
