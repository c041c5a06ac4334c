"""What a command works in: the settings, and the application where it needs the database's session."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from bookstore.app import create_app
from bookstore.config import Settings


@contextmanager
def application() -> Iterator[Flask]:
    """The application of the settings in the environment, with its context pushed."""
    app = create_app(Settings.load().for_command())
    with app.app_context():
        yield app
