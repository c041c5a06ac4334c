"""`bookstore sandbox-payments`."""

from typing import Any

import click
from flask import Flask
from gunicorn.app.base import BaseApplication

from bookstore.payments.sandbox.app import Options, create_sandbox

# One that hangs on purpose must not keep the others waiting.
THREADS = 16


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn with one worker, which holds the state and sends the webhooks."""

    def __init__(self, bind: str, options: Options) -> None:
        self._settings = {"bind": bind, "worker_class": "gthread", "workers": 1, "threads": THREADS}
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        """See gunicorn."""
        for name, value in {**self._settings, "control_socket_disable": True, "loglevel": "warning"}.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """See gunicorn; in the worker."""
        return create_sandbox(self._options)


@click.command("sandbox-payments")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8010, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--api-key", required=True, envvar="PAYMENT_API_KEY", show_envvar=True, help="What the shop sends.")
@click.option(
    "--webhook-secret", required=True, envvar="PAYMENT_WEBHOOK_SECRET", show_envvar=True, help="What signs webhooks."
)
@click.option("--webhook-url", required=True, help="The shop's, which ends in /api/v1/payment-webhooks.")
@click.option("--public-url", help="Where buyers reach this, if not where the shop does.")
@click.option("--database", default=":memory:", show_default=True, help="SQLite file that keeps the payments.")
@click.option("--slow-seconds", default=15.0, show_default=True, help="How long it hangs with the card that does.")
@click.option("--lifetime-seconds", default=3600.0, show_default=True, help="How long a payment stays open.")
def sandbox_payments(*, host: str, port: int, **options: Any) -> None:
    """Run a payment provider to try the shop with: real pages and webhooks, test cards, and no money.

    Give the shop PAYMENT_PROVIDER=sandbox, PAYMENT_URL with this address, and the same key and secret.
    """
    # The newest secret signs; the shop knows those before it, too.
    first = options.pop("webhook_secret").split(",")[0].strip()
    Server(f"{host}:{port}", Options(webhook_secret=first, **options)).run()
