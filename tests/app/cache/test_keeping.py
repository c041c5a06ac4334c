"""What is kept, for how long, and what is never served again."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from psycopg import Connection
from sqlalchemy import event

from bookstore import cache, tuning
from bookstore.cache import flights
from bookstore.db import db
from tests.app.cache.conftest import MakeApp
from tests.app.catalogue.conftest import AddBook
from tests.caches import Valkey, keys

Statements = Callable[[Flask], list[str]]
NOWHERE = "/api/v1/books/9780141439600"


@pytest.fixture
def statements() -> Iterator[Statements]:
    """A function that gives the list of what an application asks the database from now on."""
    listening: list[tuple[Any, Any]] = []

    def of(app: Flask) -> list[str]:
        seen: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_others: Any) -> None:
            if "cache_epoch" not in statement:
                seen.append(statement)

        with app.app_context():
            engine = db.engine
        event.listen(engine, "before_cursor_execute", note)
        listening.append((engine, note))
        return seen

    yield of
    for engine, note in listening:
        event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def kept(app: Flask) -> Iterator[cache.Cache]:
    """The cache of the process, in a request."""
    with app.test_request_context():
        yield cache.current()


def test_the_second_read_asks_the_database_nothing(
    app: Flask, client: FlaskClient, add_book: AddBook, statements: Statements
) -> None:
    isbn = add_book(title="Emma", authors=["Jane Austen"])["isbn13"]
    paths = [f"/api/v1/books/{isbn}", f"/books/{isbn}/emma", "/", "/books", "/books?q=emma", "/authors"]
    paths += ["/authors/jane-austen", "/api/v1/authors", "/api/v1/authors/jane-austen", "/api/v1/books?q=emma", NOWHERE]
    first = [client.get(path).data for path in paths]
    seen = statements(app)
    assert [client.get(path).data for path in paths] == first
    assert seen == []


def test_what_needs_a_token_is_not_kept(client: FlaskClient, add_book: AddBook, authorized: dict[str, str]) -> None:
    path = f"/api/v1/books/{add_book(active=False)['isbn13']}"
    assert client.get(path).status_code == 404
    assert client.get(path, headers=authorized).status_code == 200
    assert client.get(path).status_code == 404
    assert client.get(path, headers={"Authorization": "Bearer wrong"}).status_code == 401


def test_lives_no_longer_than_it_may(client: FlaskClient, add_book: AddBook, valkey: Valkey) -> None:
    isbn = add_book()["isbn13"]
    for path in (f"/api/v1/books/{isbn}", NOWHERE):
        client.get(path)
    with valkey.client() as server:
        lives = {key.rpartition(b":")[2].decode(): server.pttl(key) for key in keys(server, "*:60:*")}
    assert 50_000 < lives[isbn] <= 60_000
    assert 8_000 < lives[NOWHERE.rpartition("/")[2]] <= 10_000


def test_follows_the_tuning(
    make_app: MakeApp, tmp_path: Path, valkey: Valkey, monkeypatch: pytest.MonkeyPatch, statements: Statements
) -> None:
    monkeypatch.setattr(tuning, "LOOK_AGAIN_SECONDS", 0)
    (tmp_path / "CACHE_EVICTION").write_text("allkeys-lfu\n")
    app = make_app(tuning_dir=tmp_path)
    client, seen = app.test_client(), statements(app)
    client.get(NOWHERE)
    with valkey.client() as server:
        assert server.config_get("maxmemory-policy")["maxmemory-policy"] == "allkeys-lfu"
        (tmp_path / "CACHE_EVICTION").write_text("volatile-ttl\n")
        client.get(NOWHERE)
        assert server.config_get("maxmemory-policy")["maxmemory-policy"] == "volatile-ttl"
    assert len(seen) == 1
    # A shorter time holds for what was kept before; none at all, and nothing is.
    (tmp_path / "CACHE_TTL_SECONDS").write_text("30")
    client.get(NOWHERE)
    assert len(seen) == 2
    (tmp_path / "CACHE_TTL_SECONDS").write_text("0")
    client.get(NOWHERE)
    client.get(NOWHERE)
    assert len(seen) == 4


def test_who_began_to_read_before_a_change_keeps_nothing(kept: cache.Cache) -> None:
    def overtaken() -> bytes:
        kept.forget(["thing"])
        return b"old"

    assert kept.read("key", "thing", overtaken) == b"old"
    assert kept.read("key", "thing", lambda: b"new") == b"new"
    assert kept.read("key", "thing", lambda: b"unasked") == b"new"


@pytest.mark.parametrize("vanishing", ["thing", cache.EVERYTHING])
def test_what_has_lost_its_version_is_not_served(kept: cache.Cache, valkey: Valkey, vanishing: str) -> None:
    kept.read("key", "thing", lambda: b"old")
    with valkey.client() as server:
        assert server.delete(f"bookstore:version:{vanishing}") == 1
    assert kept.read("key", "thing", lambda: b"new") == b"new"


def test_many_at_once_ask_once(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = threading.Semaphore(0)

    class Watched(Future[bytes]):
        def exception(self, timeout: float | None = None) -> BaseException | None:
            waiting.release()
            return super().exception(timeout)

    monkeypatch.setattr(flights, "Future", Watched)
    asked: list[int] = []

    def slow() -> bytes:
        asked.append(1)
        assert all(waiting.acquire(timeout=20) for _ in range(3))
        return b"made"

    making = flights.Flights()
    with ThreadPoolExecutor(4) as pool:
        assert {read.result() for read in [pool.submit(making.join, "key", slow) for _ in range(4)]} == {b"made"}
    assert asked == [1]


def test_who_comes_after_a_change_does_not_wait_for_who_began_before(app: Flask) -> None:
    started, release = threading.Event(), threading.Event()

    def before() -> bytes:
        started.set()
        assert release.wait(20)
        return b"old"

    def one(make: Callable[[], bytes]) -> bytes:
        with app.test_request_context():
            return cache.current().read("key", "thing", make)

    with ThreadPoolExecutor(1) as pool, app.test_request_context():
        early = pool.submit(one, before)
        assert started.wait(20)
        cache.current().forget(["thing"])
        assert one(lambda: b"new") == b"new"
        release.set()
        assert early.result() == b"old"
        assert one(lambda: b"newest") != b"old"


def test_after_a_failure_each_makes_its_own(app: Flask) -> None:
    with app.test_request_context():
        with pytest.raises(ZeroDivisionError):
            cache.current().read("key", "thing", lambda: b"%d" % (1 // 0))
        assert cache.current().read("key", "thing", lambda: b"made") == b"made"


def test_what_the_cache_missed_is_not_served_when_it_is_back(
    client: FlaskClient,
    reader: FlaskClient,
    add_book: AddBook,
    authorized: dict[str, str],
    valkey: Valkey,
    owner: Connection,
) -> None:
    """The reader is of a process that asked nothing meanwhile, and so cannot know that the cache was away."""
    path = f"/api/v1/books/{add_book(price_cents=900)['isbn13']}"
    for process in (client, reader):
        assert (process.get(path).json or {})["price_cents"] == 900
    tag = client.get(path).headers["ETag"]
    with valkey.paused():
        changed = client.patch(path, json={"price_cents": 700}, headers=authorized | {"If-Match": tag})
        assert changed.status_code == 200
        assert (client.get(path).json or {})["price_cents"] == 700
    assert owner.execute("SELECT count(*) FROM cache_epoch").fetchone() == (1,)
    # A second later.
    reader.application.extensions["cache"]._epoch.expire()
    for process in (client, reader):
        assert (process.get(path).json or {})["price_cents"] == 700
