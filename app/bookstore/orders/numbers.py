"""Order numbers: random, so that nobody counts a shop's orders, and easy to read out on the telephone."""

import secrets

# Without letters and digits that look or sound alike (Crockford's base 32, without U).
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
GROUPS, GROUP_LENGTH = 3, 4


def new_number() -> str:
    """A number such as '7KQ2-M4ZT-09XB': 60 random bits."""
    groups = ("".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS))
    return "-".join(groups)
