"""No command and no value of a document goes unchecked."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click
import pytest

from bookstore.cli import bookstore
from ci.site import tracked
from tests.chart.rendering import ROOT
from tests.docs import blocks
from tests.docs.terminal import Terminal

TARGET = re.compile(r"`(?:[A-Z_]+=\S+ )*make ([a-z0-9-]+)")
COMMAND = re.compile(r"(?:`|-- |bin/)bookstore ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?")


def commands(text: str) -> Iterator[str]:
    """Its commands, without what is said of them, each on one line."""
    for line in text.replace("\\\n", "").splitlines():
        if command := " ".join(line.partition(" # ")[0].split()):
            yield command


def test_every_command_is_run_or_says_why_not() -> None:
    ways = {"run", "as in", "not run"}
    assert [str(block) for block in blocks.everywhere("sh") if block.what not in ways or not block.rest] == []
    assert {block.where for block in blocks.everywhere("sh")} == {"laptop", "cluster", "docker", ""}
    # Another language would hide commands from the test.
    for other in ("bash", "shell", "console"):
        assert list(blocks.everywhere(other)) == []


def test_a_block_that_ends_in_another_folder_fails(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path, {}, str)
    block = blocks.Block("page.md", 1, "sh", "", "run", "laptop", "mkdir below\n(cd below && pwd)\n")
    assert terminal.run(block).strip() == str(tmp_path / "below")
    with pytest.raises(AssertionError, match=r"it ends in .*/below, and the next begins there"):
        terminal.run(replace(block, text="cd below\n"))


def test_what_is_as_in_another_page_is_run_there() -> None:
    for block in (block for block in blocks.everywhere("sh") if block.what == "as in"):
        run = [command for other in blocks.of_page(block.rest) if other.where for command in commands(other.text)]
        assert [command for command in commands(block.text) if command not in run] == [], str(block)


def test_every_yaml_is_values_or_says_why_not() -> None:
    others = [block for block in blocks.everywhere("yaml") if block.what != "values"]
    assert [str(block) for block in others if block.what != "not values" or not block.rest] == []


def test_every_target_and_every_command_that_a_sentence_names_is_there() -> None:
    pages = {page: (ROOT / page).read_text() for page in tracked()}
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {(page, target) for page, text in pages.items() for target in TARGET.findall(text)}
    assert len(named) > 10
    assert [one for one in named if one[1] not in targets] == []
    commands = {(page, *names) for page, text in pages.items() for names in COMMAND.findall(text)}
    assert len(commands) > 20
    assert [one for one in commands if not is_command(*one[1:])] == []


def test_the_sql_of_the_page_is_what_the_example_s_server_runs() -> None:
    (block,) = (block for block in blocks.of_page("docs/how-to/outside-database.md") if block.language == "sql")
    example = (ROOT / "docs/examples/postgres.yaml").read_text()
    statements = [re.sub("PASSWORD .*;", "PASSWORD", line) for line in block.text.splitlines()]
    assert len(statements) == 3
    assert [one for one in statements if one not in example] == []


def is_command(name: str, below: str) -> bool:
    """Whether there is such a command, and one below it where it has some."""
    found = bookstore.get_command(click.Context(bookstore), name)
    return found is not None and (not below or not isinstance(found, click.Group) or below in found.commands)
