"""The admin processes (twelve-factor XII): `bookstore COMMAND`, in the same image as the shop."""

import gc
import sys
from importlib import import_module
from typing import Any

import click
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from bookstore import __version__
from bookstore.errors import DomainError

# Where each command is: a process imports the one that it runs.
COMMANDS = {
    "serve": "bookstore.admin.server:serve",
    "config": "bookstore.admin.configuration:config",
    "doctor": "bookstore.admin.doctor:doctor",
    "db": "bookstore.admin.database:db",
    "catalogue": "bookstore.catalogue.cli:catalogue",
    "cart": "bookstore.cart.cli:cart",
    "orders": "bookstore.orders.cli:orders",
    "stock": "bookstore.stock.cli:stock",
    "payments": "bookstore.payments.cli:payments",
    "sandbox-payments": "bookstore.payments.sandbox.cli:sandbox_payments",
    "sessions": "bookstore.identity.cli:sessions",
    "outbox": "bookstore.outbox.cli:outbox",
    "notices": "bookstore.notices.cli:notices",
    "staff": "bookstore.staff.cli:staff",
    "token": "bookstore.tokens.cli:token",
    "backup": "bookstore.backup.cli:backup",
    "cluster": "bookstore.cluster.cli:cluster",
    "conformance": "bookstore.conformance.cli:conformance",
}


class Group(click.Group):
    """Imports a command when it is asked for; ends an expected failure with one sentence and exit code 1."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # click's signature
        """Their names."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # click's
        """The command of this name."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        # What is imported stays: looking for garbage in it would be an eighth of the time that it takes to start.
        gc.disable()
        command: click.Command = getattr(import_module(module), name)
        gc.freeze()
        gc.enable()
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except ValidationError as error:
            from bookstore.admin.configuration import explain

            raise click.ClickException(explain(error)) from None
        except DomainError as error:
            raise click.ClickException(error.detail) from None
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", None) or error).strip()
            raise click.ClickException(f"The database refused: {reason}") from None


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(__version__, prog_name="bookstore")
def bookstore() -> None:
    """Run and look after a bookstore. Settings come from the environment: see `bookstore config --help`."""


def main() -> None:
    """The console script."""
    bookstore.main(args=sys.argv[1:], prog_name="bookstore")
