"""`bookstore notices`."""

from collections.abc import Callable

import click
from sqlalchemy.orm import Session

from bookstore.admin.context import application
from bookstore.db import unit_of_work
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
        sent, forgotten = (_until_done(batch) for batch in (service.send, service.purge))
    click.echo(f"{sent} notices written, {forgotten} old ones forgotten.")


def _until_done(batch: Callable[[Session], int]) -> int:
    total = 0
    while True:
        with unit_of_work() as session:
            done = batch(session)
        total += done
        if not done:
            return total
