"""`bookstore orders`."""

from collections.abc import Callable

import click
from sqlalchemy.orm import Session

from bookstore.admin.context import application
from bookstore.db import unit_of_work
from bookstore.orders import idempotency, service


@click.group()
def orders() -> None:
    """Look after orders."""


@orders.command()
def expire() -> None:
    """Cancel the orders that were not paid in time, and put their books back on the shelf."""
    click.echo(f"{_until_done(service.expire_reservations)} unpaid orders cancelled.")


@orders.command("purge-keys")
def purge_keys() -> None:
    """Forget the idempotency keys that are older than three days."""
    click.echo(f"{_until_done(idempotency.purge)} idempotency keys removed.")


def _until_done(batch: Callable[[Session], int]) -> int:
    total = 0
    with application():
        while True:
            with unit_of_work() as session:
                done = batch(session)
            total += done
            if not done:
                return total
