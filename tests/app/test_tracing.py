"""Traces, as a collector gets them: over HTTP, in protobuf."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.caches import Valkey
from tests.databases import Databases, bookstore
from tests.servers import Gunicorn, free_port, serve

TRACE_ID, SPAN_ID = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SECRETS = ("Hidden-Name", "hidden.address@example.org", "hidden-query", "hidden-token", "hidden-path", "hidden-agent")


class Collector(ThreadingHTTPServer):
    """Takes what it is sent, as the OTLP specification has it."""

    def __init__(self) -> None:
        self.requests: list[ExportTraceServiceRequest] = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def spans(self) -> list[Span]:
        found = [
            scope for request in self.requests for resource in request.resource_spans for scope in resource.scope_spans
        ]
        return [span for scope in found for span in scope.spans]

    def trace(self, trace_id: str) -> list[Span]:
        """The spans of a trace, once its server's span, which ends last, has come."""
        deadline = time.monotonic() + 30
        while True:
            spans = [span for span in self.spans() if span.trace_id.hex() == trace_id]
            if any(span.kind == Span.SPAN_KIND_SERVER for span in spans):
                return spans
            assert time.monotonic() < deadline
            time.sleep(0.02)


class Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        assert (self.path, self.headers["Content-Type"]) == ("/v1/traces", "application/x-protobuf")
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append(ExportTraceServiceRequest.FromString(body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_arguments: Any) -> None:
        pass


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with Collector() as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def shop(databases: Databases, sample: str, collector: Collector) -> Iterator[Gunicorn]:
    environment = databases.environment(
        sample,
        WEB_WORKERS="1",
        TRACING_ENDPOINT=collector.url,
        TRACING_SAMPLE_RATIO="0",
        OTEL_BSP_SCHEDULE_DELAY="50",
        OTEL_RESOURCE_ATTRIBUTES="k8s.pod.name=shop-1",
    )
    # Which may not keep an answer from Flask, where its span begins.
    with Valkey() as valkey, serve(environment | valkey.settings) as server:
        yield server


def ask(shop: Gunicorn, path: str, trace_id: str = TRACE_ID, flags: str = "01", **more: Any) -> httpx.Response:
    headers = {"traceparent": f"00-{trace_id}-{SPAN_ID}-{flags}", "X-Request-ID": trace_id} | more.pop("headers", {})
    return httpx.request(more.pop("method", "GET"), shop.url + path, headers=headers, **more)


def attributes(span: Span) -> dict[str, str]:
    return {pair.key: pair.value.string_value or str(pair.value.int_value) for pair in span.attributes}


def test_a_request_and_its_statements_are_one_trace(shop: Gunicorn, collector: Collector) -> None:
    assert ask(shop, "/api/v1/books?limit=1").status_code == 200
    spans = collector.trace(TRACE_ID)
    (server,) = [span for span in spans if span.kind == Span.SPAN_KIND_SERVER]
    assert (server.name, server.parent_span_id.hex()) == ("GET /api/v1/books", SPAN_ID)
    assert attributes(server).items() >= {("http.route", "/api/v1/books"), ("http.status_code", "200")}
    statements = [span for span in spans if span.kind == Span.SPAN_KIND_CLIENT]
    assert any("FROM book" in attributes(span)["db.statement"] for span in statements)
    assert {span.parent_span_id for span in statements} == {server.span_id}
    (resource,) = {str(request.resource_spans[0].resource) for request in collector.requests}
    assert all(value in resource for value in ('"bookstore"', '"shop-1"', "service.version"))


def test_every_line_of_a_request_has_its_trace_id(shop: Gunicorn, collector: Collector) -> None:
    given = httpx.get(f"{shop.url}/books", headers={"X-Request-ID": "untraced-before"})
    assert given.status_code == 200
    (line,) = [line for line in shop.lines() if line.get("request_id") == "untraced-before"]
    assert len(line["trace_id"]) == 32
    # What is not sampled, by the ratio or by the caller, has an id all the same, and is not sent.
    unsampled = "1" * 32
    assert ask(shop, "/books", unsampled, "00").status_code == 200
    sent = "2" * 32
    assert ask(shop, "/books", sent).status_code == 200
    collector.trace(sent)
    assert {line["trace_id"], unsampled}.isdisjoint(span.trace_id.hex() for span in collector.spans())


def test_health_is_not_traced(shop: Gunicorn, collector: Collector) -> None:
    health, sent = "3" * 32, "4" * 32
    assert ask(shop, "/livez", health).status_code == 200
    assert ask(shop, "/readyz", health).status_code == 200
    assert ask(shop, "/books", sent).status_code == 200
    collector.trace(sent)
    assert [span for span in collector.spans() if span.trace_id.hex() == health] == []


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/books?q=hidden-query", {}),
        ("/hidden-path/Hidden-Name", {}),
        ("/orders/hidden-token", {}),
        ("/api/v1/books", {"headers": {"Authorization": "Bearer hidden-token", "User-Agent": "hidden-agent"}}),
        ("/account/login", {"method": "POST", "data": {"email": "hidden.address@example.org", "password": "x"}}),
        ("/", {"headers": {"Host": "hidden-path.example"}}),
    ],
)
def test_no_span_tells_what_a_buyer_wrote(
    shop: Gunicorn, collector: Collector, path: str, more: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    trace_id = f"{abs(hash(request.node.name)):032x}"
    assert ask(shop, path, trace_id, **more).status_code < 500
    spans = "".join(map(str, collector.trace(trace_id)))
    assert [secret for secret in SECRETS if secret in spans] == []
    assert "127.0.0.1" not in spans


def test_spans_of_the_last_requests_are_sent_at_the_end(
    databases: Databases, sample: str, collector: Collector
) -> None:
    # By default a batch waits for seconds.
    with serve(databases.environment(sample, WEB_WORKERS="2", TRACING_ENDPOINT=collector.url)) as server:
        last = "5" * 32
        assert ask(server, "/books", last).status_code == 200
        assert server.stop() == 0
    assert collector.trace(last)


def test_a_collector_that_is_away_costs_no_request(databases: Databases, sample: str) -> None:
    away = f"http://127.0.0.1:{free_port()}"
    with serve(databases.environment(sample, TRACING_ENDPOINT=away, OTEL_BSP_SCHEDULE_DELAY="50")) as server:
        for number in range(1, 20):
            assert ask(server, "/books", f"{number:032x}").status_code == 200
        assert server.stop() == 0
        server.lines()  # each is JSON


def test_off_imports_nothing(databases: Databases, sample: str) -> None:
    program = (
        "import sys; from bookstore.wsgi import app; app.test_client().get('/livez');"
        "print(sorted(name for name in sys.modules if name.startswith('opentelemetry')))"
    )
    environment = databases.environment(sample)
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_wrong_endpoint_is_refused(databases: Databases) -> None:
    done = bookstore("doctor", env=databases.environment("any", TRACING_ENDPOINT="collector:4318"), check=False)
    assert done.returncode == 1
    assert "TRACING_ENDPOINT" in done.stdout + done.stderr
