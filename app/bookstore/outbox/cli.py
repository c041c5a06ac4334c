"""`bookstore outbox`."""

import click

from bookstore import logs
from bookstore.admin.context import application
from bookstore.db import in_batches, unit_of_work
from bookstore.outbox import sending, service
from bookstore.outbox.smtp import MailServerAway


@click.group()
def outbox() -> None:
    """Send e-mails, and look after those that wait."""


@outbox.command()
@click.option(
    "--watch",
    "seconds",
    type=click.FloatRange(min=0.1),
    help="Stay, and look for new e-mails every so many seconds, until SIGTERM.",
)
def send(*, seconds: float | None) -> None:
    """Send what is due through SMTP_HOST; several senders share the work.

    What the server does not take is tried again, ever more rarely; after three refusals for good, or five days, it is
    given up (see `bookstore outbox retry`).
    """
    with application() as app:
        settings = app.config["SETTINGS"]
        logs.configure(settings)
        if settings.smtp_host is None:
            raise click.ClickException("Set SMTP_HOST: no mail server is named.")
        if seconds is not None:
            sending.watch(settings, seconds)
            return
        try:
            outcomes = sending.send_due(settings)
        except MailServerAway as error:
            raise click.ClickException(str(error)) from None
    click.echo(", ".join(f"{outcomes[outcome]} {outcome.value}" for outcome in sending.Outcome) + ".")


@outbox.command()
def purge() -> None:
    """Remove the e-mails that were sent, or given up, more than 30 days ago."""
    with application():
        total = in_batches(service.purge)
    click.echo(f"{total} old e-mails removed.")


@outbox.command()
def retry() -> None:
    """Try again what was given up, as after correcting MAIL_FROM."""
    with application(), unit_of_work() as session:
        again = service.retry(session)
    click.echo(f"{again} e-mails will be tried again.")
