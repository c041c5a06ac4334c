"""Languages as one code each, whatever a source calls them."""

import re
from functools import cache, lru_cache

from babel import Locale, UnknownLocaleError
from babel.core import get_global

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


@cache
def name(code: str) -> str:
    """The language's English name, or its code where it has none here."""
    try:
        return str(Locale("en").languages.get(code, code))
    except UnknownLocaleError:
        return code
