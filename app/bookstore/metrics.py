"""Prometheus metrics, labelled by route template, served on a port of their own that no Service of the shop exposes.

docs/metrics.md lists them all. Who asks for OpenMetrics gets the trace of a request as an exemplar of its duration, as
long as one worker serves: prometheus_client has no place for exemplars in the files that several workers share.
"""

import os
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask, Response, g, request
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    make_wsgi_app,
)
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import REGISTRY, Collector

from bookstore import __version__
from bookstore.arrival import arrived
from bookstore.config import Settings
from bookstore.tracing import Trace

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

BUCKETS_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.3, 1.0, 3.0, 10.0)

REQUESTS = Counter("bookstore_http_requests_total", "Requests answered.", ["method", "route", "status"])
DURATION = Histogram(
    "bookstore_http_request_duration_seconds", "Time to answer.", ["method", "route"], buckets=BUCKETS_SECONDS
)
IN_FLIGHT = Gauge("bookstore_http_requests_in_flight", "Requests being answered.", multiprocess_mode="livesum")
SHED = Counter("bookstore_http_requests_shed_total", "Requests refused since too many waited already.")
BUILD_INFO = Gauge("bookstore_build_info", "1, labelled with the version.", ["version"], multiprocess_mode="max")


def init_app(app: Flask, settings: Settings) -> None:
    """Count and time each request; put /metrics before the application on its port."""
    disable_created_metrics()  # type: ignore[no-untyped-call]  # they double the series, and few read them
    BUILD_INFO.labels(__version__).set(1)
    # A counter that begins above 0 has not risen, for Prometheus: the first rush would be no failure.
    REQUESTS.labels("other", "shed", 503)

    @app.before_request
    def begin() -> None:
        g.metrics_began = arrived()
        IN_FLIGHT.inc()

    @app.after_request
    def end(response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else "unmatched"
        # A client may invent methods; each would be a time series of its own.
        method = request.method if request.url_rule else "other"
        answered(method, route, response.status_code, time.perf_counter() - g.metrics_began, g.trace)
        return response

    @app.teardown_request
    def leave(_error: BaseException | None) -> None:
        if g.pop("metrics_began", None) is not None:
            IN_FLIGHT.dec()

    app.extensions["metrics"] = registry = _registry()
    if settings.metrics_port:
        app.wsgi_app = _by_port(settings.metrics_port, app.wsgi_app, make_wsgi_app(registry))  # type: ignore[assignment, method-assign]


def add(app: Flask, collector: Collector) -> None:
    """Show what a collector gives, too: it is asked at each scrape, so it must be quick, and never raise."""
    app.extensions["metrics"].register(collector)


def count_shed() -> None:
    """Count a request that was refused before it reached the application."""
    SHED.inc()
    REQUESTS.labels("other", "shed", 503).inc()


def answered(method: str, route: str, status: int, seconds: float, trace: Trace) -> None:
    """Count a request, and the time that it took."""
    REQUESTS.labels(method, route, status).inc()
    # Only what is sampled can be looked up.
    exemplar = {"trace_id": trace.id} if trace.id and trace.sampled else None
    DURATION.labels(method, route).observe(seconds, exemplar)


def _by_port(port: int, shop: "WSGIApplication", metrics: "WSGIApplication") -> "WSGIApplication":
    """/metrics and nothing else on its own listener, the shop on the others (which answer /metrics with 404)."""

    def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        # gunicorn takes SERVER_PORT from the listening socket, so that no header can forge it.
        if environ["SERVER_PORT"] != str(port):
            return shop(environ, start_response)
        if environ["PATH_INFO"] == "/metrics" and environ["REQUEST_METHOD"] in ("GET", "HEAD"):
            return metrics(environ, start_response)
        start_response("404 Not Found", [("Content-Type", "text/plain"), ("Content-Length", "0")])
        return []

    return application


def _registry() -> CollectorRegistry:
    """The metrics of all worker processes, summed when they are scraped (see gunicorn.py), or of this one alone."""
    registry = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(REGISTRY)
    return registry
