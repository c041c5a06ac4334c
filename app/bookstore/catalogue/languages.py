"""Languages of books as one code each, whatever a source calls them."""

import re
from functools import cache, lru_cache

from babel import Locale
from babel.core import get_global

from bookstore.i18n.language import current

TAG = "^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*$"


@lru_cache(maxsize=1024)
def normalise(tag: str) -> str:
    """The shortest ISO 639 code of a language tag (RFC 5646): 'eng', 'en-US' and 'EN' all give 'en'.

    Raises ValueError for what is no tag.
    """
    if not re.fullmatch(TAG, tag):
        raise ValueError("is not a language tag such as en, fr or pt-BR")
    primary = re.split("[-_]", tag)[0].lower()
    return str(get_global("language_aliases").get(primary, primary)).split("_")[0]


def name(code: str) -> str:
    """What a language is called in the one that is spoken, or its code where it has no name there."""
    return _name(code, current())


@cache
def _name(code: str, spoken: str) -> str:
    return str(Locale(spoken).languages.get(code, code))
