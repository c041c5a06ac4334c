"""What of a span leaves the shop: what is listed here, and nothing that a buyer wrote.

The instrumentations note paths, queries, addresses and the messages of errors. Those can hold tokens, e-mail addresses
and names.
"""

from collections.abc import Sequence

from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import SpanKind
from opentelemetry.trace.status import Status

KEPT = frozenset(
    {
        "http.method",
        "http.request.method",
        "http.route",
        "http.status_code",
        "http.response.status_code",
        "http.flavor",
        "http.scheme",
        "url.scheme",
        "network.protocol.version",
        "error.type",
        "exception.type",
        # The text of a statement has placeholders where its values go.
        "db.system",
        "db.system.name",
        "db.name",
        "db.namespace",
        "db.statement",
        "db.query.text",
    }
)


class PrivateExporter(SpanExporter):
    """Hands spans on to another exporter, without what is private."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """See SpanExporter."""
        return self._exporter.export([private(span) for span in spans])

    def shutdown(self) -> None:
        """See SpanExporter."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """See SpanExporter."""
        return self._exporter.force_flush(timeout_millis)


def private(span: ReadableSpan) -> ReadableSpan:
    """A copy with the attributes of KEPT alone, and errors by their type."""
    attributes = _kept(span.attributes)
    name = span.name
    if span.kind is SpanKind.SERVER:
        # For a path that no route matches the instrumentation takes the path.
        method = attributes.get("http.method") or attributes.get("http.request.method")
        name = f"{method} {attributes.get('http.route', 'unmatched')}"
    return ReadableSpan(
        name=name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=attributes,
        events=[Event(event.name, _kept(event.attributes), event.timestamp) for event in span.events],
        links=span.links,
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _kept(attributes: object) -> dict[str, str | bool | int | float]:
    return {name: value for name, value in dict(attributes or {}).items() if name in KEPT}  # type: ignore[call-overload]
