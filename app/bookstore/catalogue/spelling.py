"""'Did you mean': another spelling of a search that found nothing, which finds something."""

import difflib
import re
from collections.abc import Iterator
from itertools import islice, product

from sqlalchemy import Text, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from bookstore.catalogue.models import Book, SearchWord
from bookstore.catalogue.queries import conditions, given, matches
from bookstore.catalogue.schemas import Filters
from bookstore.db import ReadSession

WORD = re.compile(r"\w{3,40}")
MOST_WORDS = 5
MOST_SPELLINGS = 4
MOST_TRIED = 24
# A wrong letter is a commoner slip than a missing or doubled one.
SAME_LENGTH_BONUS = 0.15


def suggest(session: ReadSession, query: Filters) -> str | None:
    """The likest other spelling of a search that has matches under its filters, or None where there is none."""
    words = query.q
    asked = list(dict.fromkeys(WORD.findall(words)))[:MOST_WORDS]
    if not asked:
        return None
    tried = [one for one in islice(_spellings(words, _near(session, asked)), MOST_TRIED) if one != words]
    offered = func.unnest(cast(tried, ARRAY(Text))).table_valued("words", with_ordinality="place", name="offered")
    offered = offered.render_derived()
    wanted = given(query)
    found = select(Book.id).where(Book.active, *conditions(wanted), matches(offered.c.words)).exists()
    return session.scalar(select(offered.c.words).where(found).order_by(offered.c.place).limit(1), wanted)


def _near(session: ReadSession, asked: list[str]) -> dict[str, list[str]]:
    """The known words that are at most one slip away from each of these, the likest first."""
    wanted = func.unnest(cast(asked, ARRAY(Text))).table_valued("word", name="asked").render_derived()
    statement = (
        select(wanted.c.word, func.array_agg(SearchWord.word))
        .join(SearchWord, SearchWord.rests.bool_op("&&")(func.spelling_rests(func.fold(wanted.c.word))))
        .group_by(wanted.c.word)
    )
    return {
        word: sorted(known, key=lambda one: (-_likeness(word, one), one))[:MOST_SPELLINGS]
        for word, known in session.execute(statement)
    }


def _spellings(words: str, near: dict[str, list[str]]) -> Iterator[str]:
    """The search with its words replaced by near ones, in every combination, the likest first."""
    combinations = [dict(zip(near, choice, strict=True)) for choice in product(*near.values())]
    combinations.sort(key=lambda choice: -sum(_likeness(word, one) for word, one in choice.items()))
    for choice in combinations:
        yield WORD.sub(lambda match, choice=choice: choice.get(match[0], match[0]), words)  # type: ignore[misc]


def _likeness(asked: str, known: str) -> float:
    ratio = difflib.SequenceMatcher(None, asked.casefold(), known).ratio()
    return ratio + SAME_LENGTH_BONUS * (len(asked) == len(known))
