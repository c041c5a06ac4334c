"""The admin processes (twelve-factor XII): `bookstore COMMAND`, in the same image as the shop."""

import sys
from typing import Any

import click
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from bookstore import __version__
from bookstore.admin import configuration, database, doctor, server
from bookstore.catalogue import cli as catalogue
from bookstore.errors import DomainError
from bookstore.tokens import cli as tokens

COMMANDS = (server.serve, configuration.config, doctor.doctor, database.db, catalogue.catalogue, tokens.token)


class Group(click.Group):
    """Ends an expected failure with one sentence and exit code 1, never a stack trace."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except ValidationError as error:
            raise click.ClickException(configuration.explain(error)) from None
        except DomainError as error:
            raise click.ClickException(error.detail) from None
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", None) or error).strip()
            raise click.ClickException(f"The database refused: {reason}") from None


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(__version__, prog_name="bookstore")
def bookstore() -> None:
    """Run and look after a bookstore. Settings come from the environment: see `bookstore config --help`."""


for command in COMMANDS:
    bookstore.add_command(command)


def main() -> None:
    """The console script."""
    bookstore.main(args=sys.argv[1:], prog_name="bookstore")
