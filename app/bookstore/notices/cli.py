"""`bookstore notices`."""

import click

from bookstore.admin.context import application
from bookstore.db import in_batches
from bookstore.notices import service


@click.group()
def notices() -> None:
    """Look after those who wait for a book."""


@notices.command()
def send() -> None:
    """Write those whose book is back in stock, and forget who has waited for more than a year.

    Run it every few minutes; two at once share the work.
    """
    with application():
        sent, forgotten = (in_batches(batch) for batch in (service.send, service.purge))
    click.echo(f"{sent} notices written, {forgotten} old ones forgotten.")
