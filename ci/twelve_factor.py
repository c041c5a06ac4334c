"""Make docs/twelve-factor.md from the statements of `bookstore conformance`: `python -m ci.twelve_factor [--check]`."""

import sys
from collections.abc import Iterator
from pathlib import Path

from bookstore.conformance import generic
from bookstore.conformance.cli import chosen
from bookstore.conformance.factors import Factor
from bookstore.conformance.statements import Need, Statement
from ci import made
from ci.tables import table

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/twelve-factor.md"
INTRODUCTION = Path(__file__).parent / "twelve_factor.in.md"
HEAD = ("statement", "of", "needs", "caught")
WHERE = {
    Need.OTHER: "`--against`",
    Need.IMAGE: "`helm test`",
    Need.DISTURB: "`--disturb`",
}


def page() -> str:
    """The whole page."""
    return "\n".join([INTRODUCTION.read_text().rstrip(), *_factors()]) + "\n"


def _factors() -> Iterator[str]:
    for factor in Factor:
        yield f"\n## {factor.number}. {factor.title}\n\n{factor.asks}\n"
        yield table(HEAD, (_row(each) for each in chosen() if each.factor is factor))


def _row(statement: Statement) -> tuple[str, ...]:
    of = "any application" if statement in generic.STATEMENTS else "Bookstore"
    needs = ", ".join(WHERE.get(need, str(need)) for need in statement.needs) or "labels"
    return f"{statement.sentence}.", of, needs, f"{statement.catches} (`{statement.name}`)"


if __name__ == "__main__":
    sys.exit(made.main({PAGE: page()}, "ci.twelve_factor"))
