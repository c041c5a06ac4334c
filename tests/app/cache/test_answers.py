"""Answers that a worker gives again, without Flask: which they are, and that nobody can tell but by the time."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import structlog
from flask import Flask, request
from flask.testing import FlaskClient
from prometheus_client import REGISTRY

from bookstore import tuning
from bookstore.cache import answers
from tests.app.cache.conftest import MakeApp
from tests.app.catalogue.conftest import AddBook

Made = list[str]
BOTH = "bookstore_http_requests_total", "bookstore_http_request_duration_seconds_count"


@pytest.fixture
def watched() -> Callable[[Flask], Made]:
    """A function that gives the list of the addresses that come as far as Flask."""

    def watch(app: Flask) -> Made:
        made: Made = []

        class Watched(type(app)):  # type: ignore[misc]
            def full_dispatch_request(self, *context: object) -> object:
                made.append(request.url)
                return super().full_dispatch_request(*context)

        app.__class__ = Watched
        return made

    return watch


@pytest.fixture
def made(app: Flask, book: str, watched: Callable[[Flask], Made]) -> Made:
    """The same, of the process under test, once there is a book."""
    return watched(app)


@pytest.fixture
def book(add_book: AddBook) -> str:
    """The address of a book's page."""
    return f"/books/{add_book(title='Emma')['isbn13']}/emma"


@pytest.fixture
def lines() -> Iterator[list[structlog.typing.EventDict]]:
    """What is logged."""
    with structlog.testing.capture_logs([structlog.contextvars.merge_contextvars]) as captured:
        yield captured


@pytest.mark.parametrize("address", ["/", "/books?q=emma", "/de/authors", "/api/v1/books", "book"])
def test_nobody_can_tell(client: FlaskClient, book: str, made: Made, address: str) -> None:
    path = book if address == "book" else address
    first, second = (client.get(path, headers={"X-Request-ID": name}) for name in ("one", "two"))
    assert len(made) == 1
    assert second.status == first.status == "200 OK"
    assert second.data == first.data
    assert [answer.headers.pop("X-Request-ID") for answer in (first, second)] == ["one", "two"]
    assert sorted(second.headers) == sorted(first.headers)


def test_is_logged_and_counted_as_any(
    client: FlaskClient, book: str, made: Made, lines: list[structlog.typing.EventDict]
) -> None:
    route = {"method": "GET", "route": "/books/<isbn>/<slug>"}
    counted = [(name, route | ({"status": "200"} if name == BOTH[0] else {})) for name in BOTH]

    def counts() -> list[float]:
        return [REGISTRY.get_sample_value(name, labels) or 0 for name, labels in counted]

    before = counts()
    trace = "0af7651916cd43dd8448eb211c80319c"
    for _ in range(2):
        client.get(book, headers={"X-Request-ID": "mine", "traceparent": f"00-{trace}-b7ad6b7169203331-01"})
    assert len(made) == 1
    assert counts() == [count + 2 for count in before]
    first, second = lines
    assert second.pop("duration_ms") <= first.pop("duration_ms") + 1000
    assert second == first
    assert (second["request_id"], second["trace_id"], second["route"]) == ("mine", trace, route["route"])


@pytest.mark.parametrize(
    "headers",
    [
        {"Accept-Encoding": "br"},
        {"Host": "127.0.0.1"},
        {"If-None-Match": 'W/"other"'},
        {"If-Modified-Since": "Thu, 01 Jan 2026 00:00:00 GMT"},
        {"Range": "bytes=0-9"},
    ],
)
def test_is_for_the_same_question_alone(client: FlaskClient, book: str, made: Made, headers: dict[str, str]) -> None:
    client.get(book)
    client.get(book, headers=headers)
    assert len(made) == 2


def test_another_scheme_is_another_question(client: FlaskClient, book: str, made: Made) -> None:
    client.get(book)
    assert "Strict-Transport-Security" in client.get(book, base_url="https://localhost").headers
    assert len(made) == 2


def test_who_has_it_is_told_so(client: FlaskClient, book: str, made: Made) -> None:
    tag = client.get(book).headers["ETag"]
    assert client.get(book, headers={"If-None-Match": tag}).status_code == 304
    assert client.get(book).status_code == 200
    assert len(made) == 2


@pytest.mark.parametrize("path", ["/livez", "/cart", "/books/9780141439600/none", "/account/login", "/api/v1/orders/x"])
def test_what_shows_nothing_of_the_catalogue_is_made_each_time(client: FlaskClient, made: Made, path: str) -> None:
    first, second = client.get(path), client.get(path)
    assert second.status == first.status
    assert len(made) == 2


def test_what_a_token_may_see_is_made_each_time(client: FlaskClient, made: Made, authorized: dict[str, str]) -> None:
    for _ in range(2):
        assert client.get("/api/v1/books", headers=authorized).headers["Cache-Control"] == "private, no-cache"
    assert len(made) == 2
    assert client.get("/api/v1/books").headers["Cache-Control"].startswith("public")


def test_an_unknown_host_is_refused_also_after_a_known_one(client: FlaskClient, book: str) -> None:
    assert client.get(book).status_code == 200
    assert client.get(book, headers={"Host": "elsewhere.example"}).status_code == 400


def test_follows_the_tuning(
    make_app: MakeApp, watched: Callable[[Flask], Made], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning, "LOOK_AGAIN_SECONDS", 0)
    (tmp_path / "CACHE_MAX_ENTRIES").write_text("2")
    app = make_app(tuning_dir=tmp_path)
    client, made = app.test_client(), watched(app)
    for path in ("/", "/books", "/", "/authors", "/"):
        client.get(path)
    # The third took the place of the least recently used.
    assert [url.removeprefix("http://localhost") for url in made] == ["/", "/books", "/authors"]
    client.get("/books")
    assert len(made) == 4
    (tmp_path / "CACHE_TTL_SECONDS").write_text("30")
    assert client.get("/books").headers["Cache-Control"] == "public, max-age=30"
    assert len(made) == 5
    (tmp_path / "CACHE_TTL_SECONDS").write_text("0")
    client.get("/books")
    client.get("/books")
    assert len(made) == 7


def test_ends_with_its_time(client: FlaskClient, made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    client.get("/authors")
    later = SimpleNamespace(monotonic=lambda: time.monotonic() + 60, perf_counter=time.perf_counter)
    monkeypatch.setattr(answers, "time", later)
    client.get("/authors")
    assert len(made) == 2
