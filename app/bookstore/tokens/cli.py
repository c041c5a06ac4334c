"""`bookstore token`."""

import click

from bookstore.admin.context import application
from bookstore.db import reading, unit_of_work
from bookstore.tokens import service
from bookstore.tokens.service import Scope


@click.group()
def token() -> None:
    """Make, list and revoke tokens of the API."""


@token.command()
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, type=click.Choice([scope.value for scope in Scope]))
@click.option("--days", type=click.IntRange(1, 3650), help="Days until it expires; without it, never.")
def add(name: str, scopes: tuple[str, ...], days: int | None) -> None:
    """Make a token and print it, this once."""
    with application(), unit_of_work() as session:
        made = service.add_token(session, name, [Scope(scope) for scope in scopes], days)
    click.echo(made)


@token.command("list")
def list_() -> None:
    """List the tokens: names and scopes, never the tokens."""
    with application(), reading() as session:
        for row in service.list_tokens(session):
            state = "revoked" if row.revoked_at else f"until {row.expires_at:%Y-%m-%d}" if row.expires_at else "valid"
            click.echo(f"{row.name}\t{','.join(row.scopes)}\t{state}")


@token.command()
@click.argument("name")
def revoke(name: str) -> None:
    """End a token now."""
    with application(), unit_of_work() as session:
        service.revoke_token(session, name)
    click.echo(f"{name} is revoked.")
