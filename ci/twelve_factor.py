"""Make docs/twelve-factor.md from the statements of `bookstore conformance`: `python -m ci.twelve_factor`."""

from collections.abc import Iterator
from pathlib import Path

from bookstore.conformance import generic
from bookstore.conformance.cli import chosen
from bookstore.conformance.factors import Factor
from bookstore.conformance.statements import Need, Statement

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/twelve-factor.md"
INTRODUCTION = Path(__file__).parent / "twelve_factor.in.md"
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
        yield "| statement | of | needs | caught |"
        yield "|---|---|---|---|"
        for statement in chosen():
            if statement.factor is factor:
                yield _row(statement)


def _row(statement: Statement) -> str:
    of = "any application" if statement in generic.STATEMENTS else "Bookstore"
    needs = ", ".join(WHERE.get(need, str(need)) for need in statement.needs) or "labels"
    return f"| {statement.sentence}. | {of} | {needs} | {statement.catches} (`{statement.name}`) |"


if __name__ == "__main__":
    PAGE.write_text(page())
