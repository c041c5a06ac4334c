"""`bookstore orders`."""

import click

from bookstore.admin.context import application
from bookstore.db import in_batches
from bookstore.orders import idempotency, service


@click.group()
def orders() -> None:
    """Look after orders."""


@orders.command()
def expire() -> None:
    """Cancel the orders that were not paid in time, and put their books back on the shelf."""
    with application():
        click.echo(f"{in_batches(service.expire_reservations)} unpaid orders cancelled.")


@orders.command("purge-keys")
def purge_keys() -> None:
    """Forget the idempotency keys that are older than three days."""
    with application():
        click.echo(f"{in_batches(idempotency.purge)} idempotency keys removed.")
