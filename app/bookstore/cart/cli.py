"""`bookstore cart`."""

import click

from bookstore.admin.context import application
from bookstore.cart import service
from bookstore.db import unit_of_work


@click.group()
def cart() -> None:
    """Look after carts."""


@cart.command()
def purge() -> None:
    """Remove the carts that have expired, in batches."""
    total = 0
    with application():
        while True:
            with unit_of_work() as session:
                removed = service.purge(session)
            total += removed
            if not removed:
                break
    click.echo(f"{total} expired carts removed.")
