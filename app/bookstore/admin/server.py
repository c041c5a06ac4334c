"""`bookstore serve`."""

import sys

import click
from gunicorn import __main__ as gunicorn_program
from gunicorn.app.wsgiapp import run

from bookstore.config import Settings


@click.command()
def serve() -> None:
    """Serve the shop with gunicorn (this process becomes gunicorn)."""
    Settings.load()  # says what is wrong before gunicorn starts
    sys.argv = [gunicorn_program.__file__, "--config", "python:bookstore.gunicorn"]
    # Called rather than executed, so that what is imported by now stays so; signals still reach it as PID 1.
    run()
