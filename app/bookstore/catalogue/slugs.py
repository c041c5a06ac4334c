"""Names as they stand in addresses."""

import hashlib
import re
import unicodedata

MAX_LENGTH = 80


def slugify(text: str) -> str:
    """Lower case, accents folded, words joined by hyphens, every alphabet kept; never empty.

    'J.K. Rowling' gives 'j-k-rowling', 'Émile Zola' gives 'emile-zola', and '村上春樹' stays as it is.
    """
    decomposed = unicodedata.normalize("NFKD", text)
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    words = re.sub(r"[^\w]+|_+", "-", plain.casefold().replace("'", "").replace("’", ""))
    slug = unicodedata.normalize("NFC", words)[:MAX_LENGTH].strip("-")
    return slug or hashlib.blake2b(text.encode(), digest_size=6).hexdigest()
