"""`bookstore staff`."""

import click

from bookstore.admin.context import application
from bookstore.db import reading, unit_of_work
from bookstore.identity.forms import mistakes
from bookstore.staff import service
from bookstore.staff.roles import Role
from bookstore.staff.schemas import MemberIn


@click.group()
def staff() -> None:
    """Add, list and look after those who work in the shop."""


@staff.command()
@click.argument("name")
@click.option("--email", required=True, help="The member's e-mail address.")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]))
def add(name: str, email: str, role: str) -> None:
    """Add a member, and print the link to enrol, which works once and for two days."""
    wanted, mistaken = mistakes(MemberIn, {"username": name, "email": email, "role": role})
    if wanted is None:
        raise click.ClickException(" ".join(f"{field}: {reason}" for field, reason in mistaken.items()))
    with application(), unit_of_work() as session:
        link = service.add(session, wanted.username, wanted.email, wanted.role)
    click.echo(link)


@staff.command("list")
def list_() -> None:
    """List the members: name, e-mail, role and state."""
    with application(), reading() as session:
        for row in service.list_all(session):
            state = "inactive" if not row.active else "active" if row.enrolled else "not enrolled"
            click.echo(f"{row.username}\t{row.email}\t{row.role}\t{state}")


@staff.command()
@click.argument("name")
def disable(name: str) -> None:
    """Lock a member out, now."""
    with application(), unit_of_work() as session:
        service.change(session, name, active=False)
    click.echo(f"{name} is disabled.")


@staff.command()
@click.argument("name")
def reset(name: str) -> None:
    """Drop password and second factor, forgive wrong guesses, and print a link to enrol anew."""
    with application(), unit_of_work() as session:
        service.unlock(session, name)
        link = service.reset(session, name)
    click.echo(link)
