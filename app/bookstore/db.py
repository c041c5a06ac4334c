"""The database: engine, session, declarative base, and the two ways to use them in a request.

`reading()` for what only reads, `unit_of_work()` for what writes: services take its session and never commit.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NewType

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine, MetaData, event
from sqlalchemy.orm import DeclarativeBase, Session

from bookstore.config import Settings

# A session that must not write; the type checker keeps it away from services that do.
ReadSession = NewType("ReadSession", Session)


class Base(DeclarativeBase):
    """Base of every model; names of constraints are given here so that migrations can refer to them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(model_class=Base, disable_autonaming=True)


def connect_args(settings: Settings) -> dict[str, Any]:
    """What psycopg gets with each new connection."""
    return {
        "application_name": "bookstore",
        "connect_timeout": settings.database_connect_timeout_seconds,
        # A vanished server is noticed by the kernel rather than by a hanging request.
        "tcp_user_timeout": 10_000,
        "keepalives_idle": 30,
        "prepare_threshold": 5 if settings.database_prepared_statements else None,
    }


def init_app(app: Flask, settings: Settings) -> None:
    """Make the engine (without connecting) and close each request's session at its end."""
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {
        "pool_size": settings.web_threads,
        "max_overflow": 0,
        "pool_timeout": settings.database_pool_timeout_seconds,
        "pool_pre_ping": True,
        # What buyers send must not reach the log by way of an error's message.
        "hide_parameters": True,
        "connect_args": connect_args(settings),
    }
    db.init_app(app)
    with app.app_context():
        limit_statements(db.engine, settings)


def limit_statements(engine: Engine, settings: Settings) -> None:
    """Set the statement timeout on each new connection; PgBouncer would refuse it as a start-up option."""
    milliseconds = int(settings.database_statement_timeout_seconds * 1000)
    if not milliseconds:
        return

    @event.listens_for(engine, "connect")
    def set_timeout(connection: Any, _record: Any) -> None:
        connection.autocommit = True
        connection.execute(f"SET statement_timeout = {milliseconds}")
        connection.autocommit = False


@contextmanager
def reading() -> Iterator[ReadSession]:
    """The request's session for reading only: no transaction, so no round trips for BEGIN and ROLLBACK."""
    session = db.session()
    session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
    yield ReadSession(session)


@contextmanager
def unit_of_work() -> Iterator[Session]:
    """The request's session in one transaction: committed at the end, rolled back if anything is raised."""
    session = db.session()
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise
