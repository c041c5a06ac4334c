"""`bookstore cart`."""

import click

from bookstore.admin.context import application
from bookstore.cart import service
from bookstore.db import in_batches


@click.group()
def cart() -> None:
    """Look after carts."""


@cart.command()
def purge() -> None:
    """Remove the carts that have expired, in batches."""
    with application():
        total = in_batches(service.purge)
    click.echo(f"{total} expired carts removed.")
