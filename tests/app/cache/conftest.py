"""Processes of one shop with a cache, and one without, which shows what is true."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from bookstore.app import create_app
from bookstore.config import Settings
from bookstore.db import db
from tests.app.reviews.conftest import add_buyer, approve
from tests.app.staff.conftest import add_member, enrolled
from tests.app.staff.selling import sell
from tests.caches import Valkey

__all__ = ["add_buyer", "add_member", "approve", "enrolled", "sell"]

MakeApp = Callable[..., Flask]


@pytest.fixture(scope="session")
def server() -> Iterator[Valkey]:
    """A cache for tests that do not break it."""
    with Valkey("--maxmemory", "50mb") as running:
        yield running


@pytest.fixture
def valkey(server: Valkey) -> Valkey:
    """The same, empty."""
    with server.client() as client:
        client.flushall()
    return server


@pytest.fixture
def make_app(settings: Settings, valkey: Valkey) -> Iterator[MakeApp]:
    """A function that makes an application with the cache: what each knows of it is its own, as a process's."""
    made: list[Flask] = []

    def make(**changed: Any) -> Flask:
        cached = {"cache_host": "127.0.0.1", "cache_port": valkey.port, "cache_password": valkey.password}
        made.append(create_app(Settings.model_validate(settings.model_dump() | cached | changed)))
        return made[-1]

    yield make
    for one in made:
        with one.app_context():
            db.engine.dispose()


@pytest.fixture
def uncached(app: Flask, shared_app: Flask) -> FlaskClient:
    """A client of a process without the cache."""
    return shared_app.test_client()


@pytest.fixture
def app(app: Flask, make_app: MakeApp) -> Flask:
    """The process that every other fixture writes with, on empty tables."""
    return make_app()


@pytest.fixture
def reader(app: Flask, make_app: MakeApp) -> FlaskClient:
    """A client of another process."""
    return make_app().test_client()
