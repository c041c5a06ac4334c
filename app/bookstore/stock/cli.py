"""`bookstore stock`."""

import click

from bookstore.admin.context import application
from bookstore.db import reading
from bookstore.stock import queries


@click.group()
def stock() -> None:
    """Look after the stock."""


@stock.command()
def check() -> None:
    """Prove that every book's stock is the sum of its ledger; name those where it is not, with exit code 1."""
    with application(), reading() as session:
        wrong = queries.differences(session)
    for row in wrong:
        click.echo(f"{row.isbn13}: {row.stock} in stock, {row.ledger} in the ledger")
    if wrong:
        raise click.ClickException(f"{len(wrong)} books differ from their ledger.")
    click.echo("Every stock is the sum of its ledger.")
