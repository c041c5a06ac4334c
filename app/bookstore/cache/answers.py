"""Answers that this worker gave before, given again while nothing that they show has changed (ADR 0024).

They never reach Flask: one question to the cache says whether the versions are still those that they were made from.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from flask import Flask, Response, g, request

from bookstore import cache, logs, metrics, tracing
from bookstore.arrival import arrived
from bookstore.cache import Shown
from bookstore.config import Settings
from bookstore.tuning import Tuned, Tuning

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# What else an answer depends on, or another answer than the whole.
CONDITIONS = (
    "HTTP_AUTHORIZATION", "HTTP_RANGE",
    "HTTP_IF_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_NONE_MATCH", "HTTP_IF_UNMODIFIED_SINCE",
)  # fmt: skip
ASKED = ("wsgi.url_scheme", "HTTP_HOST", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "HTTP_ACCEPT_ENCODING")
PLACE = "bookstore.answer"

Place = tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """The whole of it, and what has to be as it was; `until` in seconds of the monotonic clock."""

    shown: Shown
    ttl_seconds: int
    until: float
    route: str
    status: str
    headers: list[tuple[str, str]]
    body: bytes


class Answers:
    """What a worker keeps, the least recently used out first; called as WSGI middleware (PEP 3333)."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._application: WSGIApplication = app.wsgi_app
        self._kept: OrderedDict[Place, Answer] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Give what is kept, or else have it made."""
        if environ["REQUEST_METHOD"] == "GET" and not any(name in environ for name in CONDITIONS):
            began = arrived()
            place = tuple(environ.get(name, "") for name in ASKED)
            if answer := self._find(place):
                return _give(answer, environ, start_response, began)
            environ[PLACE] = place
        return self._application(environ, start_response)

    def _find(self, place: Place) -> Answer | None:
        with self._lock:
            answer = self._kept.get(place)
            if answer is None:
                return None
            self._kept.move_to_end(place)
        in_time = answer.ttl_seconds == self._tuning().cache_ttl_seconds and time.monotonic() < answer.until
        return answer if in_time and self._cache().still_shows(answer.shown) else None

    def keep(self, response: Response) -> Response:
        """Keep it if everybody gets it, and all that it shows is from the cache; after whatever else is done to it."""
        place: Place | None = request.environ.get(PLACE)
        shown: Shown | None = g.get("shown")
        if not (place and shown and response.status_code == 200 and response.cache_control.public):
            return response
        if request.url_rule and not response.is_streamed and "Set-Cookie" not in response.headers:
            tuned = self._tuning()
            headers = response.get_wsgi_headers(request.environ)
            headers.remove(logs.HEADER)
            answer = Answer(
                shown=shown,
                ttl_seconds=tuned.cache_ttl_seconds,
                until=time.monotonic() + tuned.cache_ttl_seconds,
                route=request.url_rule.rule,
                status=response.status,
                headers=headers.to_wsgi_list(),
                body=response.get_data(),
            )
            with self._lock:
                self._kept[place] = answer
                while len(self._kept) > tuned.cache_max_entries:
                    self._kept.popitem(last=False)
        return response

    def _tuning(self) -> Tuning:
        return cast(Tuned, self._app.extensions["tuning"]).current()

    def _cache(self) -> cache.Cache:
        return cast(cache.Cache, self._app.extensions["cache"])


def _give(answer: Answer, environ: "WSGIEnvironment", start_response: "StartResponse", began: float) -> Iterable[bytes]:
    """As Flask would, with a line in the log and in the metrics."""
    trace = tracing.of_caller(environ.get("HTTP_TRACEPARENT", ""))
    request_id = logs.bind(environ.get("HTTP_X_REQUEST_ID", ""), trace.id)
    start_response(answer.status, [*answer.headers, (logs.HEADER, request_id)])
    metrics.answered("GET", answer.route, 200, time.perf_counter() - began, trace)
    logs.answered("GET", answer.route, 200, len(answer.body), began)
    return [answer.body]


def init_app(app: Flask, settings: Settings) -> None:
    """Stand before Flask where there is a cache, but not where each request is to leave a trace."""
    if settings.cache_host and not settings.tracing_endpoint:
        answers = Answers(app)
        app.wsgi_app = answers  # type: ignore[method-assign]
        app.after_request(answers.keep)
