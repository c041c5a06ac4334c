"""Fixtures of the application's tests."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from flask import Flask, has_app_context
from sqlalchemy import event

from bookstore.db import db
from tests.databases import Databases, bookstore
from tests.servers import serve


@dataclass(frozen=True)
class Shop:
    """A real gunicorn on a database of its own, and a token for it."""

    url: str
    token: str
    environment: dict[str, str]

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def client(self) -> httpx.Client:
        """A client that may change the catalogue."""
        return httpx.Client(base_url=self.url, headers=self.headers, timeout=30)


@pytest.fixture(autouse=True)
def _no_context_left() -> Iterator[None]:
    """The requests of later tests would share one that is left, and with it who is logged in."""
    yield
    assert not has_app_context()


@pytest.fixture(scope="session")
def shop(databases: Databases, worker_id: str) -> Iterator[Shop]:
    """A shop to write to over HTTP; its books stay, so each test makes its own."""
    with databases.temporary(f"shop_{worker_id}") as name:
        environment = databases.environment(name, WEB_WORKERS="2")
        token = bookstore("token", "add", "tests", "--scope", "catalogue", env=environment).stdout.strip()
        with serve(environment) as server:
            yield Shop(server.url, token, environment)


@pytest.fixture
def counted_queries(app: Flask) -> Callable[[], AbstractContextManager[list[str]]]:
    """A context manager that gives the list of the statements that the engine executed in it."""

    @contextmanager
    def counting() -> Iterator[list[str]]:
        statements: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_others: Any) -> None:
            statements.append(statement)

        with app.app_context():
            engine = db.engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            yield statements
        finally:
            event.remove(engine, "before_cursor_execute", note)

    return counting
