"""Ask every statement, and print a table of what was found."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

import click

from bookstore.cluster.api import KubernetesError
from bookstore.conformance.statements import Broken, Need, NotAsked, Run, Statement

WIDTH = 100


class Outcome(StrEnum):
    """What became of a statement."""

    HOLDS = "ok"
    BROKEN = "FAIL"
    NOT_ASKED = "-"


class Finding(NamedTuple):
    """A statement, what became of it, and the evidence."""

    statement: Statement
    outcome: Outcome
    evidence: str


def ask_all(run: Run, statements: Sequence[Statement]) -> list[Finding]:
    """A finding for each, by factor; those that disturb are asked last, of an install that the others have seen."""
    last = sorted(statements, key=lambda each: Need.DISTURB in each.needs)
    found = {id(each): ask(run, each) for each in last}
    return [found[id(each)] for each in sorted(statements, key=lambda each: each.factor.number)]


def ask(run: Run, statement: Statement) -> Finding:
    """Ask one."""
    if lacking := run.lacks(statement.needs):
        return Finding(statement, Outcome.NOT_ASKED, f"needs {' and '.join(lacking)}")
    try:
        return Finding(statement, Outcome.HOLDS, statement.ask(run))
    except Broken as broken:
        return Finding(statement, Outcome.BROKEN, str(broken))
    except NotAsked as reason:
        return Finding(statement, Outcome.NOT_ASKED, str(reason))
    except KubernetesError as error:
        return Finding(statement, Outcome.BROKEN, error.message)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        # Objects of others may lack what every object here has: that is a finding, too.
        return Finding(statement, Outcome.BROKEN, f"its objects are not understood: {type(error).__name__} {error}")


def table(findings: Sequence[Finding]) -> Iterator[str]:
    """Lines to print: a heading for each factor, two lines for each statement."""
    factor = None
    for each in findings:
        if each.statement.factor is not factor:
            factor = each.statement.factor
            yield f"{factor.number}. {factor.title}"
        yield f"  {each.outcome:<4}  {each.statement.sentence}"
        yield f"          {_shortened(each.evidence)}"
    counted = {outcome: sum(each.outcome is outcome for each in findings) for outcome in Outcome}
    yield (
        f"{counted[Outcome.HOLDS]} hold, {counted[Outcome.BROKEN]} are broken, "
        f"{counted[Outcome.NOT_ASKED]} were not asked."
    )


def _shortened(text: str, width: int = 4 * WIDTH) -> str:
    line = " ".join(text.split())
    return line if len(line) <= width else f"{line[: width - 1]}…"


def print_table(findings: Sequence[Finding]) -> bool:
    """Print it; whether no statement is broken."""
    for line in table(findings):
        click.echo(line)
    return all(each.outcome is not Outcome.BROKEN for each in findings)
