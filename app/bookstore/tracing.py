"""Traces: a span for each request and for each statement in it, sent to a collector by OTLP over HTTP.

Off without TRACING_ENDPOINT, and then OpenTelemetry is not even imported: the shop takes the trace id that a caller
sends (W3C Trace Context, `traceparent`), for its logs and exemplars, and no more.
"""

import re
from typing import TYPE_CHECKING, NamedTuple, cast

from flask import Flask, g, request

from bookstore import __version__
from bookstore.config import Settings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

TRACEPARENT = re.compile(r"00-(?!0{32})(?P<id>[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f](?P<flag>[0-9a-f])")
SAMPLED = 1
EXTENSION = "tracing"
# Each is asked by the kubelet every few seconds, and says nothing of what buyers wait for.
UNTRACED = "/livez$,/readyz$"
EXPORT_TIMEOUT_SECONDS = 3


class Trace(NamedTuple):
    """The trace that a request is part of, if any, and whether it can be looked up."""

    id: str | None
    sampled: bool


NO_TRACE = Trace(None, sampled=False)


def init_app(app: Flask, settings: Settings) -> None:
    """Give each request its trace id, and its span where traces are wanted; before the database's engine is made."""
    app.extensions[EXTENSION] = _instrument(app, settings) if settings.tracing_endpoint else None

    @app.before_request
    def begin() -> None:
        g.trace = of_caller(request.headers.get("traceparent", ""))
        if app.extensions[EXTENSION]:
            g.trace = _of_span() or g.trace


def of_caller(traceparent: str) -> Trace:
    """What the header of that name says; no trace where it is none."""
    sent = TRACEPARENT.fullmatch(traceparent)
    return Trace(sent["id"], bool(int(sent["flag"], 16) & SAMPLED)) if sent else NO_TRACE


def _of_span() -> Trace | None:
    from opentelemetry.trace import format_trace_id, get_current_span

    context = get_current_span().get_span_context()
    return Trace(format_trace_id(context.trace_id), context.trace_flags.sampled) if context.is_valid else None


def _instrument(app: Flask, settings: Settings) -> "TracerProvider":
    from opentelemetry.instrumentation.flask import FlaskInstrumentor
    from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio

    provider = TracerProvider(
        # Resource.create adds what OTEL_RESOURCE_ATTRIBUTES says, such as the pod.
        resource=Resource.create({"service.name": "bookstore", "service.version": __version__}),
        sampler=ParentBasedTraceIdRatio(settings.tracing_sample_ratio),
        shutdown_on_exit=False,
    )
    FlaskInstrumentor.instrument_app(  # type: ignore[no-untyped-call]
        app, tracer_provider=provider, excluded_urls=UNTRACED, enable_commenter=False
    )
    PsycopgInstrumentor().instrument(tracer_provider=provider)
    return provider


def start_export(app: Flask, settings: Settings) -> None:
    """Begin to send spans, from this process; its thread would not outlive a fork."""
    provider = cast("TracerProvider | None", app.extensions.get(EXTENSION))
    if provider is None:
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    from bookstore.span_privacy import PrivateExporter

    endpoint = f"{(settings.tracing_endpoint or '').rstrip('/')}/v1/traces"
    exporter = OTLPSpanExporter(endpoint=endpoint, timeout=EXPORT_TIMEOUT_SECONDS)
    provider.add_span_processor(BatchSpanProcessor(PrivateExporter(exporter)))


def stop_export(app: Flask) -> None:
    """Send what is left, for a few seconds at most."""
    provider = cast("TracerProvider | None", app.extensions.get(EXTENSION))
    if provider is not None:
        provider.shutdown()
