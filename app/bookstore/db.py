"""The database: engine, session, declarative base, and the two ways to use them in a request.

`reading()` for what only reads, `unit_of_work()` for what writes: services take its session and never commit.
"""

import select
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NewType

import orjson
from flask import Flask, g
from flask_sqlalchemy import SQLAlchemy
from psycopg import OperationalError
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, Engine, MetaData, create_engine, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import DeclarativeBase, Session

from bookstore import pool
from bookstore.config import Settings
from bookstore.connecting import Connector, connect_args

# What must not write; the type checker keeps it away from services that do. A connection, since rows need no session.
ReadSession = NewType("ReadSession", Connection)
AFTER_COMMIT = "after_commit"

# A statement's time is the server's to end; so much later it has none.
GRACE_SECONDS = 1.0


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


class Database(SQLAlchemy):
    """Flask-SQLAlchemy, with options taken as they are: its engine_from_config cuts the fraction off a pool_timeout."""

    def _make_engine(self, _bind_key: str | None, options: dict[str, Any], _app: Flask) -> Engine:
        return create_engine(**options)


db = Database(model_class=Base, disable_autonaming=True)


def init_app(app: Flask, settings: Settings) -> None:
    """Make the engine (without connecting) and close each request's session at its end."""
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {
        "poolclass": pool.MeasuredPool,
        "pool_size": settings.web_threads,
        "max_overflow": 0,
        "pool_timeout": settings.database_pool_timeout_seconds,
        # Reading needs no transaction, and so no round trips for its two ends; a unit of work asks for one.
        "isolation_level": "AUTOCOMMIT",
        "skip_autocommit_rollback": True,
        # What buyers send must not reach the log by way of an error's message.
        "hide_parameters": True,
        "json_deserializer": orjson.loads,
        "connect_args": connect_args(settings),
    }
    db.init_app(app)
    app.extensions["connector"] = connector = Connector(settings)
    with app.app_context():
        connector.serve(db.engine)
        limit_statements(db.engine, settings)
        pool.measure(db.engine, settings)
        event.listen(db.engine, "checkout", replace_if_ended)
        event.listen(db.engine, "do_execute", plan_for_its_values)


def replace_if_ended(connection: Any, _record: Any, _proxy: Any) -> None:
    """Have the pool replace a connection that the server has ended, at no round trip (`pool_pre_ping` needs one).

    PostgreSQL says nothing unasked, except when it ends a connection: an idle one with something to read is over.
    """
    idle = select.poll()
    idle.register(connection.fileno(), select.POLLIN)
    if idle.poll(0):
        raise DisconnectionError("The server has ended this connection.")


def limit_statements(engine: Engine, settings: Settings) -> None:
    """Set the statement timeout on each new connection; PgBouncer would refuse it as a start-up option."""
    seconds = settings.database_statement_timeout_seconds
    if not seconds:
        return

    @event.listens_for(engine, "connect")
    def set_timeout(connection: Any, _record: Any) -> None:
        limit_waiting(connection, seconds + GRACE_SECONDS)
        before, connection.autocommit = connection.autocommit, True
        connection.execute(f"SET statement_timeout = {int(seconds * 1000)}")
        connection.autocommit = before


def limit_waiting(connection: Any, seconds: float) -> None:
    """Have a statement fail, and its connection with it, where the server has not answered after so long.

    A server that is stopped keeps its connections and ends no statement, and the network sees nothing wrong.
    """
    wait = connection.wait

    def wait_so_long(*arguments: Any, **options: Any) -> Any:
        try:
            return wait(*arguments, **({"timeout": seconds} | options))
        except OperationalError:
            # What the server would answer later is not for the next statement to read.
            if connection.pgconn.transaction_status == TransactionStatus.ACTIVE:
                connection.close()
            raise

    connection.wait = wait_so_long


def plan_for_its_values(cursor: Any, statement: str, values: Any, context: Any) -> bool:
    """Have a statement with the execution option `prepared=False` planned anew for its values each time.

    psycopg prepares what it sees often, and PostgreSQL then keeps one plan for all values; yet what is best for a word
    in every title is worst for a rare one.
    """
    if context.execution_options.get("prepared", True):
        return False
    cursor.execute(statement, values, prepare=False)
    return True


@contextmanager
def reading() -> Iterator[ReadSession]:
    """A connection for reading only, the same one when nested, without a transaction."""
    if "reader" in g:
        yield g.reader
        return
    with db.engine.connect() as connection:
        g.reader = ReadSession(connection)
        try:
            yield g.reader
        finally:
            del g.reader


@contextmanager
def unit_of_work() -> Iterator[Session]:
    """The request's session in one transaction: committed at the end, rolled back if anything is raised."""
    session = db.session()
    try:
        session.connection(execution_options={"isolation_level": "READ COMMITTED"})
        yield session
        session.commit()
    except BaseException:
        session.info.pop(AFTER_COMMIT, None)
        session.rollback()
        raise
    for act in session.info.pop(AFTER_COMMIT, ()):
        act()


def after_commit(session: Session, act: Callable[[], object]) -> None:
    """Have something done once the unit of work is kept, such as to count it; it must not raise."""
    session.info.setdefault(AFTER_COMMIT, []).append(act)


def in_batches(batch: Callable[[Session], int]) -> int:
    """Run a batch until it finds nothing to do, each time in a unit of work of its own; gives how much it did."""
    total = 0
    while True:
        with unit_of_work() as session:
            done = batch(session)
        total += done
        if not done:
            return total
