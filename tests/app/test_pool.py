"""The metrics of the pool: what is out is counted once, whatever becomes of it."""

import pytest
from flask import Flask
from prometheus_client import REGISTRY
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.exc import OperationalError, TimeoutError  # noqa: A004

from bookstore.app import create_app
from bookstore.config import Settings
from bookstore.db import db
from tests.databases import Databases


def now(name: str) -> float:
    value = REGISTRY.get_sample_value(f"bookstore_db_{name}")
    assert value is not None
    return value


def test_connections_in_use(app: Flask, settings: Settings) -> None:
    before, waits = now("connections_in_use"), now("connection_wait_seconds_count")
    with app.app_context():
        first, second = db.engine.connect(), db.engine.connect()
        assert (now("connections_in_use"), now("connection_wait_seconds_count")) == (before + 2, waits + 2)
        first.close()
        second.invalidate()
        second.close()
    assert now("connections_in_use") == before
    assert now("connections_limit") == settings.web_workers * settings.web_threads


def test_a_connection_that_the_server_ended_is_counted_once(app: Flask, databases: Databases) -> None:
    before = now("connections_in_use")
    with app.app_context(), databases.superuser() as admin:
        with db.engine.connect() as connection:
            pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        admin.execute("SELECT pg_terminate_backend(%s, 10000)", (pid,))
        with db.engine.connect():
            assert now("connections_in_use") == before + 1
    assert now("connections_in_use") == before


def test_waiting_in_vain_is_time_waited(settings: Settings) -> None:
    tight = settings.model_copy(update={"web_threads": 1, "database_pool_timeout_seconds": 0.1})
    tight_app = create_app(tight)
    with tight_app.app_context(), db.engine.connect():
        before, waited = now("connections_in_use"), now("connection_wait_seconds_sum")
        with pytest.raises(TimeoutError):
            db.engine.connect()
        assert now("connection_wait_seconds_sum") - waited >= 0.1
        assert now("connections_in_use") == before
    with tight_app.app_context():
        db.engine.dispose()


def test_a_database_that_goes_away_leaves_nothing_counted(settings: Settings, databases: Databases) -> None:
    before = now("connections_in_use")
    with databases.temporary("short_lived") as name:
        own = create_app(settings.model_copy(update={"database_url": SecretStr(databases.url(name))}))
        with own.app_context():
            db.engine.connect().close()
    with own.app_context():
        with pytest.raises(OperationalError):
            db.engine.connect()
        db.engine.dispose()
    assert now("connections_in_use") == before
