"""Fixtures of every test: a real database for each worker, the application on it, and the application served."""

import lzma
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings as hypothesis_settings

from bookstore.app import create_app
from bookstore.config import Settings
from bookstore.db import db
from dev.postgres import OWNER, Server
from tests import databases as test_databases
from tests.databases import SECRET_KEY, SELLING, Databases, bookstore
from tests.servers import serve

HERE = Path(__file__).parent
ROOT = HERE.parent
# No test is about time, and a busy machine is no bug.
hypothesis_settings.register_profile("untimed", deadline=None)
hypothesis_settings.load_profile("untimed")
# What takes long must not begin last, for a worker takes whole files: first those on a cluster, then the others.
LONGEST = (
    "cluster/test_migrations", "cluster/test_documents", "cluster/test_staging", "cluster/test_failed_upgrades",
    "cluster/test_faults", "cluster/test_scaling", "cluster/test_last_release", "cluster/test_prod",
    "cluster/test_reliability", "cluster/test_rotation", "cluster/test_installs", "cluster/test_dev",
    "cluster/test_restore", "cluster/test_ct",
    "browser/test_every_page", "app/cache/test_faults", "app/test_schemathesis", "chart/test_backup",
    "chart/test_prometheus", "bench/test_bench",
)  # fmt: skip
# What installs into a cluster, or builds for a platform that this machine is not.
WHEN_ASKED = (HERE / "cluster", HERE / "gitops", HERE / "release")
_run: list[Any] = []


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """What wants more than a laptop has only when it is asked for by path."""
    if collection_path not in WHEN_ASKED:
        return None
    asked = (Path(argument.partition("::")[0]).resolve() for argument in config.args)
    return None if any(path == collection_path or collection_path in path.parents for path in asked) else True


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors, since much of the time is spent waiting for servers to start and to end."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first, then those with the most tests, and leave each in its own order."""
    tests = Counter(item.path for item in items)
    place = {HERE / f"{name}.py": number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: (place.get(item.path, len(place)), -tests[item.path], item.path))


def pytest_configure(config: pytest.Config) -> None:
    """Start PostgreSQL once, in the process that starts the workers."""
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    folder = tempfile.TemporaryDirectory(prefix="bookstore-tests-")
    _run[:] = [test_databases.start(Path(folder.name)), folder]


def pytest_unconfigure() -> None:
    """Stop it."""
    if _run:
        server, folder = _run
        server.stop()
        folder.cleanup()
        _run.clear()


@pytest.fixture(scope="session")
def databases() -> Databases:
    """The run's PostgreSQL."""
    return Databases.inherited()


@pytest.fixture(scope="session")
def database(databases: Databases, worker_id: str) -> Iterator[str]:
    """This worker's database."""
    with databases.temporary(f"test_{worker_id}") as name:
        yield name


@pytest.fixture(scope="session")
def settings(databases: Databases, database: str) -> Settings:
    """Settings of the application under test: the unprivileged role on this worker's database."""
    selling: dict[str, Any] = {name.lower(): value for name, value in SELLING.items()}
    return Settings(secret_key=SECRET_KEY, database_url=databases.url(database), metrics_port=0, **selling)


@pytest.fixture(scope="session")
def shared_app(settings: Settings) -> Iterator[Flask]:
    """The application, made once."""
    app = create_app(settings)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(scope="session")
def owner(databases: Databases, database: str) -> Iterator[psycopg.Connection]:
    """A connection of the schema's owner, in autocommit."""
    with psycopg.connect(databases.url(database, OWNER), autocommit=True) as connection:
        yield connection


@pytest.fixture
def app(shared_app: Flask, owner: psycopg.Connection) -> Flask:
    """The application on empty tables."""
    owner.execute("SET lock_timeout = '10s'")
    # Those that some test has written into: to empty all takes ten times as long.
    row = owner.execute(
        "SELECT string_agg(quote_ident(relname), ', ') FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        " AND relkind = 'r' AND relname <> 'alembic_version' AND pg_relation_size(oid) > 0"
    ).fetchone()
    if row and row[0]:
        owner.execute(f"TRUNCATE {row[0]} RESTART IDENTITY CASCADE".encode())
    return shared_app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client without a token."""
    return app.test_client()


@pytest.fixture
def token(app: Flask) -> str:
    """A token that may do everything."""
    from bookstore.db import unit_of_work
    from bookstore.tokens import service

    with app.app_context(), unit_of_work() as session:
        return service.add_token(session, "tests", list(service.Scope), None)


@pytest.fixture
def authorized(token: str) -> dict[str, str]:
    """The header that carries the token."""
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def add_book(client: FlaskClient, authorized: dict[str, str]) -> Callable[..., dict[str, Any]]:
    """A function that adds a book through the API, each with an ISBN of its own, and returns it."""
    from bookstore.catalogue.isbn import from_first_twelve

    made = iter(range(10**9))

    def add(**fields: Any) -> dict[str, Any]:
        book = {
            "isbn": from_first_twelve(f"978{next(made):09}"),
            "title": "A Title",
            "authors": ["An Author"],
            "price_cents": 1299,
            "currency": "USD",
            "stock": 3,
        }
        response = client.post("/api/v1/books", json=book | fields, headers=authorized)
        assert response.status_code == 201, response.json
        return dict(response.json or {})

    return add


@pytest.fixture(scope="session")
def sample(databases: Databases) -> Iterator[str]:
    """A database with the sample catalogue, shared by what only reads it."""
    name = f"sample_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    with databases.temporary(name):
        bookstore("catalogue", "import", str(ROOT / "data/sample-books.csv"), env=databases.environment(name))
        yield name


@pytest.fixture(scope="session")
def live_server(databases: Databases, sample: str) -> Iterator[str]:
    """The address of a real gunicorn with the sample catalogue."""
    with serve(databases.environment(sample)) as server:
        yield server.url


@pytest.fixture(scope="session")
def goodbooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole of goodbooks-10k, as it is."""
    path = tmp_path_factory.mktemp("goodbooks") / "goodbooks-10k.csv"
    path.write_bytes(lzma.decompress((ROOT / "tests/data/goodbooks-10k.csv.xz").read_bytes()))
    return path


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[Server]:
    """A PostgreSQL of the test's own, to break."""
    with Server(tmp_path / "postgres", test_databases.OPTIONS) as server:
        yield server
