"""The keys that sign what comes back to the shop: one signs, and those before it, or after it, count as well."""

from flask import current_app


def signing_keys() -> list[str]:
    """All of them, the one that signs at the end, as itsdangerous wants them."""
    return [*current_app.config["SECRET_KEY_FALLBACKS"], current_app.config["SECRET_KEY"]]
