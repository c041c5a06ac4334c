"""'Did you mean': another spelling of a search that found nothing."""

import difflib
import re

from sqlalchemy import Text, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from bookstore.catalogue.models import SearchWord
from bookstore.db import ReadSession

WORD = re.compile(r"\w+")
MOST_WORDS = 8


def suggest(session: ReadSession, words: str) -> str | None:
    """The search with each unknown word replaced by the nearest known one, or None where nothing is near."""
    asked = [word for word in WORD.findall(words) if len(word) > 2][:MOST_WORDS]
    if not asked:
        return None
    wanted = func.unnest(cast(asked, ARRAY(Text))).table_valued("word").alias("asked")
    near = (
        select(wanted.c.word, func.array_agg(SearchWord.word))
        .join(SearchWord, SearchWord.rests.bool_op("&&")(func.spelling_rests(func.fold(wanted.c.word))))
        .group_by(wanted.c.word)
    )
    replacements = {word: _nearest(word, known) for word, known in session.execute(near).tuples()}
    suggestion = WORD.sub(lambda match: replacements.get(match[0], match[0]), words)
    return suggestion if suggestion.casefold() != words.casefold() else None


def _nearest(word: str, known: list[str]) -> str:
    plain = word.casefold()
    if plain in known:
        return word
    return max(sorted(known), key=lambda one: difflib.SequenceMatcher(None, plain, one).ratio())
