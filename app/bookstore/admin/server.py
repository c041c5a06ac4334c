"""`bookstore serve`."""

import os
import sys

import click

from bookstore.config import Settings


@click.command()
def serve() -> None:
    """Serve the shop with gunicorn (this process becomes gunicorn)."""
    Settings.load()  # says what is wrong before gunicorn starts
    arguments = [sys.executable, "-m", "gunicorn", "--config", "python:bookstore.gunicorn"]
    os.execv(sys.executable, arguments)  # noqa: S606  # no shell, and signals reach gunicorn as PID 1
