"""The whole API against its own description, with every check of schemathesis in every phase."""

from collections import Counter
from collections.abc import Iterator
from threading import Thread

import pytest
import schemathesis
from flask import Flask
from hypothesis import strategies as st
from psycopg import Connection
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema
from werkzeug.serving import make_server

from bookstore.catalogue.isbn import from_first_twelve
from bookstore.orders.states import State
from tests.app.catalogue.conftest import AddBook
from tests.app.staff.conftest import wait_for_imports
from tests.app.staff.selling import Sell, sell

__all__ = ["sell"]

KNOWN = ["9780141439587", "9780141439686", "9780140268867"]
# A few numbers only, so that what is added is also read, changed and removed.
ISBNS = st.sampled_from(KNOWN) | st.integers(0, 30).map(lambda number: from_first_twelve(f"9799{number:08}"))
NUMBERS = ["0000-0000-0001", "0000-0000-0002", "0000-0000-0003"]
# No cursor can be made up; an empty one is the first page.
CURSORS = st.just("")

# Which countries a shop sends to is data of its own, as the description says.
COUNTRIES = st.sampled_from(["US", "DE", "JP"])

FILES = ISBNS.map(lambda isbn: f"isbn,title,authors\n{isbn},Emma,Jane Austen\n".encode())

schemathesis.openapi.format("country", COUNTRIES)
schemathesis.openapi.format("isbn", ISBNS)
schemathesis.openapi.format("order-number", st.sampled_from(NUMBERS))
schemathesis.openapi.format("cursor", CURSORS)
schemathesis.openapi.media_type("text/csv", FILES)


def config(headers: dict[str, str]) -> SchemathesisConfig:
    return SchemathesisConfig.from_dict(
        {
            "seed": 1,
            "headers": headers,
            "continue-on-failure": True,
            "output": {"sanitization": {"enabled": False}},
            "generation": {"max-examples": 8, "deterministic": True, "no-shrink": True, "database": "none"},
            "checks": {
                "missing_required_header": {"expected-statuses": ["400"]},
                # A change may also fail its precondition, which no schema can promise.
                "positive_data_acceptance": {
                    "expected-statuses": ["2xx", "3xx", "401", "403", "404", "409", "412", "428"]
                },
            },
        }
    )


class TestApi:
    def test_does_what_its_description_says(
        self, address: str, authorized: dict[str, str], add_book: AddBook, sell: Sell, owner: Connection
    ) -> None:
        for isbn in KNOWN:
            add_book(isbn=isbn, title="Emma", authors=["Jane Austen"], language="en", publication_year=1815)
        for number, state in zip(NUMBERS, (State.PAID, State.PACKED, State.SHIPPED), strict=True):
            owner.execute("UPDATE sales_order SET number = %s WHERE number = %s", [number, sell(state)])
        schema = schemathesis.openapi.from_url(f"{address}/api/openapi.json", config=config(authorized))
        seen: Counter[tuple[str, str]] = Counter()
        tried: set[str | None] = set()
        faults: list[str] = []
        for event in from_schema(schema).execute():
            if isinstance(event, events.FatalError | events.NonFatalError):
                faults.append(str(event))
            elif isinstance(event, events.ScenarioFinished):
                seen[event.phase.name, event.status] += 1
                tried.add(event.recorder.label)
                faults += failures(event)
        assert not faults, "\n\n".join(faults)
        described = {f"{method.upper()} {path}" for path, item in schema.raw_schema["paths"].items() for method in item}
        assert described <= tried
        phases = {phase for (phase, status) in seen if status == Status.SUCCESS}
        assert phases >= {"COVERAGE", "FUZZING", "STATEFUL_TESTING"}, seen


def failures(event: events.ScenarioFinished) -> list[str]:
    """What was wrong in a scenario, each with the request that shows it and its answer."""
    found = []
    for case_id, checks in event.recorder.checks.items():
        for failure in [check.failure_info.failure for check in checks if check.failure_info is not None]:
            request = event.recorder.cases[case_id].value.as_curl_command()
            response = event.recorder.find_response(case_id=case_id)
            found.append(f"{event.phase.name}: {request}\n{failure}\n{response.text if response else ''}")
    return found


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """The application over HTTP: schemathesis 4.32 cannot repeat a request to a WSGI application."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()
    wait_for_imports()
