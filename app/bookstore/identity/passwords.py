"""Passwords: which are good enough (NIST SP 800-63B-4), and how they are kept (Argon2id, RFC 9106).

Hashing takes memory and a core for a while, so never do it inside a unit of work.
"""

import re
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from bookstore.errors import ServiceUnavailable
from bookstore.i18n.messages import gettext

SHORTEST, LONGEST = 15, 128
# OWASP's Password Storage Cheat Sheet: 19 MiB and two passes. With two at once a process needs 38 MiB for them.
HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
AT_ONCE = 2
LONGEST_WAIT_SECONDS = 2
# zxcvbn's score 3 and more: beyond 10^8 guesses, even by one who knows lists of passwords, names and keyboards.
STRONG_ENOUGH = 3
# Enough to tell, and its time grows faster than the text does.
JUDGED = 64
# Known to everyone, though no list of single words has them.
PROVERBIAL = ("correcthorsebatterystaple", "thequickbrownfox", "loremipsumdolorsitamet", "tobeornottobe")

_turn = threading.BoundedSemaphore(AT_ONCE)


def normalise(password: str) -> str:
    """One form for what looks the same, whichever keyboard typed it (NFC)."""
    return unicodedata.normalize("NFC", password)


def reason_against(password: str, *personal: str) -> str | None:
    """Why a password is not good enough, for the one who chose it; None where it is.

    `personal` is what a guesser would know: the e-mail's address, names, the shop.
    """
    password = normalise(password)
    try:
        password.encode()
    except UnicodeEncodeError:
        return gettext("It holds a character that cannot be stored.")
    if len(password) < SHORTEST:
        return gettext(
            "Use at least %(least)s characters: a few words that do not belong together are easy to remember.",
            least=SHORTEST,
        )
    if len(password) > LONGEST:
        return gettext("Use at most %(most)s characters.", most=LONGEST)
    from zxcvbn import zxcvbn  # 14 MB of lists, which only processes that set passwords need

    known = [part for text in personal for part in (text, *re.split(r"[\W_]+", text)) if part]
    # Spaces between words add nothing that a guesser would not try.
    judged = ("".join(password.split()) or password)[:JUDGED]
    if zxcvbn(judged, user_inputs=[*known, *PROVERBIAL])["score"] >= STRONG_ENOUGH:
        return None
    return gettext("This one is easy to guess: common passwords, names and patterns are what others try first.")


def hashed(password: str) -> str:
    """The Argon2id hash to keep; raises ServiceUnavailable when too many are being made."""
    with _in_turn():
        return HASHER.hash(normalise(password).encode("utf-8", "surrogatepass"))


def matches(kept: str | None, password: str) -> bool:
    """Whether this is the password of that hash. Without a hash it works as long, and says no."""
    with _in_turn():
        try:
            HASHER.verify(kept or _nobodys(), normalise(password)[: LONGEST + 1].encode("utf-8", "surrogatepass"))
        except (VerificationError, InvalidHashError):
            return False
    return kept is not None


def is_outdated(kept: str) -> bool:
    """Whether a hash was made with other parameters than new ones are."""
    return HASHER.check_needs_rehash(kept)


@cache
def _nobodys() -> str:
    return HASHER.hash(b"the password of no account")


@contextmanager
def _in_turn() -> Iterator[None]:
    if not _turn.acquire(timeout=LONGEST_WAIT_SECONDS):
        raise ServiceUnavailable(gettext("Too many people are logging in just now. Try again in a moment."))
    try:
        yield
    finally:
        _turn.release()
