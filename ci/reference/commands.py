"""Every command of `bookstore`, from what click knows."""

import inspect
from collections.abc import Iterator

import click

from bookstore.cli import bookstore
from ci.tables import code, table

HEAD = """\
# Commands

Made from the commands by `python -m ci.reference`; each prints the same with `--help`. In the image they are on the
path, on a laptop in `.venv/bin`; in a cluster: `kubectl exec deploy/shop-bookstore-all -- bookstore doctor`. They
read the shop's [settings](settings.md).

What was expected to fail ends with one sentence on stderr and exit code 1, a wrong command line with 2.
"""


def page() -> str:
    """The page."""
    root = click.Context(bookstore, info_name="bookstore")
    return "\n\n".join([HEAD.rstrip(), *_sections(bookstore, root)]) + "\n"


def _sections(group: click.Group, context: click.Context) -> Iterator[str]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command  # noqa: S101  # it has just been listed
        below = click.Context(command, info_name=name, parent=context)
        yield _section(command, below)
        if isinstance(command, click.Group):
            yield from _sections(command, below)


def _section(command: click.Command, context: click.Context) -> str:
    depth = context.command_path.count(" ") + 1
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    parts = [f"{'#' * depth} {context.command_path}", f"```text\n{usage}\n```", inspect.cleandoc(command.help or "")]
    records = [record for parameter in command.params if (record := parameter.get_help_record(context))]
    if records:
        parts.append(table(["option", "meaning"], [(code(name), meaning) for name, meaning in records]))
    return "\n\n".join(parts)
