"""`bookstore payments`."""

import click

from bookstore.admin.context import application
from bookstore.payments import reconciling


@click.group()
def payments() -> None:
    """Look after payments."""


@payments.command()
@click.pass_context
def reconcile(ctx: click.Context) -> None:
    """Settle the payments that no webhook settled, carry out promised refunds, and forget old webhooks.

    Run it every minute or so; two at once share the work. Exits with 1 if somebody should look at a payment.
    """
    failed = False
    with application():
        for finding in reconciling.reconcile():
            click.echo(f"{finding.provider_id}: {finding.text}", err=finding.failed)
            failed = failed or finding.failed
        click.echo(f"{reconciling.purge()} old webhooks forgotten.")
    if failed:
        ctx.exit(1)
