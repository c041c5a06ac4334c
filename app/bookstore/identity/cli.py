"""`bookstore sessions`."""

import click

from bookstore.admin.context import application
from bookstore.db import unit_of_work
from bookstore.identity import limits
from bookstore.identity import sessions as service


@click.group()
def sessions() -> None:
    """Look after the sessions of customers and staff."""


@sessions.command()
def purge() -> None:
    """Remove sessions that have expired, and counts of guesses that no longer matter."""
    with application(), unit_of_work() as session:
        ended, forgotten = service.purge(session), limits.purge(session)
    click.echo(f"Removed {ended} sessions and {forgotten} counts.")
