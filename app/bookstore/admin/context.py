"""What a command works in: the settings, and the application where it needs the database's session."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from bookstore.app import create_app
from bookstore.config import Settings


@contextmanager
def application() -> Iterator[Flask]:
    """The application of the settings in the environment, with its context pushed."""
    # Whoever started a command waits for it; the limit is for requests.
    app = create_app(Settings.load().model_copy(update={"database_statement_timeout_seconds": 0}))
    with app.app_context():
        yield app
