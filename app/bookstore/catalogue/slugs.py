"""Names as they stand in addresses."""

import hashlib
import re
import unicodedata

MAX_LENGTH = 80
# The accents of Latin, Greek and Cyrillic, as in the database's fold(). Marks of other scripts make another word.
ACCENTS = re.compile(r"[\u0300-\u036f]")
NO_LETTER = re.compile(r"[\W_]")
APOSTROPHES = re.compile(r"['\u2019]")


def slugify(text: str) -> str:
    """Lower case, accents folded, words joined by hyphens, every alphabet kept; never empty.

    'J.K. Rowling' gives 'j-k-rowling', 'Émile Zola' gives 'emile-zola', and '村上春樹' stays as it is.
    """
    folded = ACCENTS.sub("", unicodedata.normalize("NFKD", text.casefold()).casefold())
    plain = unicodedata.normalize("NFC", APOSTROPHES.sub("", folded))
    words = NO_LETTER.sub(_kept_mark, plain).split()
    slug = "-".join(words)[:MAX_LENGTH].strip("-")
    return slug or hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def _kept_mark(found: re.Match[str]) -> str:
    """A mark that is left belongs to its word; all else that is no letter ends it."""
    return found[0] if unicodedata.category(found[0]).startswith("M") else " "
