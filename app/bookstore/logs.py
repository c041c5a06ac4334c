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

from bookstore.config import LogFormat, Settings

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
        g.began = time.perf_counter()
        sent = request.headers.get("X-Request-ID", "")
        g.request_id = sent if REQUEST_ID.fullmatch(sent) else uuid.uuid4().hex
        context = {"request_id": g.request_id}
        if g.trace_id:
            context["trace_id"] = g.trace_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(**context)

    @app.after_request
    def end(response: Response) -> Response:
        response.headers["X-Request-ID"] = g.request_id
        # The route's template, not the path: a path can hold what is secret, and has no bound.
        log.info(
            "request",
            method=request.method,
            route=request.url_rule.rule if request.url_rule else None,
            status=response.status_code,
            bytes=response.content_length,
            duration_ms=round((time.perf_counter() - g.began) * 1000, 2),
        )
        return response
