"""Values as people read them."""

from functools import lru_cache

from babel.numbers import format_currency, get_currency_precision

LOCALE = "en_US"


@lru_cache(maxsize=4096)
def money(cents: int, currency: str) -> str:
    """An amount in a currency's smallest unit: money(1299, 'USD') is '$12.99', money(500, 'JPY') is '¥500'."""
    return format_currency(cents / 10 ** get_currency_precision(currency), currency, locale=LOCALE)


def year(value: int) -> str:
    """A year, with the era before Christ: year(-720) is '720 BC'."""
    return str(value) if value > 0 else f"{-value} BC"
