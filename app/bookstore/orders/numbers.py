"""Order numbers: random, so that nobody counts a shop's orders, and easy to read out on the telephone."""

import secrets

# Without letters and digits that look or sound alike (Crockford's base 32, without U).
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# Letters that are in no number, and the digits that they are taken for (Crockford).
MISREAD = str.maketrans("OIL", "011")
GROUPS, GROUP_LENGTH = 3, 4


def new_number() -> str:
    """A number such as '7KQ2-M4ZT-09XB': 60 random bits."""
    groups = ("".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS))
    return "-".join(groups)


def as_number(text: str) -> str:
    """An order's number however it is typed: '7kq2 m4zt o9xb' is '7KQ2-M4ZT-09XB'."""
    plain = "".join(letter for letter in text.upper().translate(MISREAD) if letter in ALPHABET)
    if len(plain) != GROUPS * GROUP_LENGTH:
        return text
    return "-".join(plain[start : start + GROUP_LENGTH] for start in range(0, len(plain), GROUP_LENGTH))
