"""`bookstore config`: every setting, from the one class that defines them."""

import json
from enum import StrEnum

import click
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from bookstore import tuning
from bookstore.config import Settings


def explain(error: ValidationError) -> str:
    """Which settings are wrong and why, without their values."""
    lines = [
        f"  {'.'.join(map(str, item['loc'])).upper()}: {item['msg'].removeprefix('Value error, ')}"
        for item in error.errors(include_input=False, include_url=False)
    ]
    return "\n".join(["These settings are wrong (see `bookstore config --help`):", *lines])


def type_name(field: FieldInfo) -> str:
    """A setting's type, as a reader of the table would call it."""
    text = str(field.annotation)
    if "SecretStr" in text:
        return "secret"
    if isinstance(field.annotation, type) and issubclass(field.annotation, StrEnum):
        return "|".join(field.annotation)
    if "Path" in text:
        return "path"
    return next(name for name in ("int", "float", "bool", "tuple", "str") if name in text).replace("tuple", "list")


def default(field: FieldInfo) -> str:
    """A setting's default, as it would be written in the environment."""
    if field.is_required():
        return "required"
    if isinstance(field.default, tuple):
        return ",".join(field.default)
    return "" if field.default in (None, PydanticUndefined) else str(field.default)


def table(settings: type[BaseModel] = Settings) -> list[tuple[str, str, str, str]]:
    """Name, type, default and meaning of every setting."""
    return [
        (name.upper(), type_name(field), default(field), field.description or "")
        for name, field in settings.model_fields.items()
    ]


def settings_help(settings: type[BaseModel] = Settings) -> str:
    """The table as lines of text, as wide as it needs."""
    rows = [("SETTING", "TYPE", "DEFAULT", "MEANING"), *table(settings)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]]) for row in rows
    )


class ConfigCommand(click.Command):
    """Its help ends with the table of settings."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table whole: a terminal wraps it better than a paragraph does."""
        formatter.write("\n" + settings_help() + "\n")


@click.command(cls=ConfigCommand)
def config() -> None:
    """Show the settings in force as JSON, secrets masked.

    Each setting is read from the environment variable of its name, else from the file of its name in the folder
    SECRETS_DIR, else from its default. Those named CACHE_… and LOG_LEVEL are read from the folder TUNING_DIR first,
    again and again.
    """
    settings = Settings.load()
    in_force = settings.model_dump(mode="json") | tuning.read(settings).model_dump()
    click.echo(json.dumps({name.upper(): value for name, value in in_force.items()}, indent=2))
