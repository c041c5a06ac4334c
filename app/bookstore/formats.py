"""Values as people read and write them."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache

from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, get_currency_precision, get_currency_symbol

LOCALE = "en_US"
BEFORE_CHRIST = re.compile(r"(?i)\b(bce?|b\.\s?c\.(\s?e\.)?)\s*$")
ANNO_DOMINI = re.compile(r"(?i)^\s*(ad|ce)\b|\b(ad|ce)\s*$")
AMOUNT = re.compile(r"\d{1,15}(\.\d{0,15})?|\.\d{1,15}")
THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+(\.\d*)?")


@lru_cache(maxsize=4096)
def money(cents: int, currency: str) -> str:
    """An amount in a currency's smallest unit: money(1299, 'USD') is '$12.99', money(500, 'JPY') is '¥500'."""
    return format_currency(cents / 10 ** get_currency_precision(currency), currency, locale=LOCALE)


def currency_symbol(currency: str) -> str:
    """How a currency is written beside an amount: '$' for USD, its code where it has no sign."""
    return get_currency_symbol(currency, locale=LOCALE)


def amount(cents: int, currency: str) -> str:
    """An amount as `cents` reads it: amount(1250, 'USD') is '12.50', amount(1000, 'USD') is '10'."""
    precision = get_currency_precision(currency)
    number = Decimal(cents).scaleb(-precision)
    return str(int(number)) if number == number.to_integral_value() else f"{number:.{precision}f}"


def cents(text: str, currency: str) -> int:
    """The typed amount in the currency's smallest unit: '$1,299', '12.50' and '12,50' are all understood.

    Raises ValueError, whose message is for the one who typed it.
    """
    precision = get_currency_precision(currency)
    written = re.sub(rf"[\s{re.escape(currency_symbol(currency))}]|{currency}", "", text.upper())
    written = written.replace(",", "") if THOUSANDS.fullmatch(written) else written.replace(",", ".")
    if not AMOUNT.fullmatch(written):
        raise ValueError(f"Write an amount such as {amount(1250, currency)}.")
    smallest = Decimal(written).scaleb(precision)
    if smallest != smallest.to_integral_value():
        raise ValueError(f"Write at most {precision} decimals." if precision else "Write a whole amount.")
    return int(smallest)


def moment(value: datetime) -> str:
    """A time for people, in UTC: 'Nov 24, 2026, 9:41 AM UTC'."""
    return f"{format_datetime(value, 'medium', tzinfo=UTC, locale=LOCALE)} UTC"


def day(value: datetime) -> str:
    """A day for people, in UTC: 'Nov 24, 2026'."""
    return format_date(value.astimezone(UTC), "medium", locale=LOCALE)


def year(value: int) -> str:
    """A year, with the era before Christ: year(-720) is '720 BC'."""
    return str(value) if value > 0 else f"{-value} BC"


def year_number(text: str) -> int:
    """The typed year, negative before Christ: '1984', '-720' and '720 BC' are all understood; raises ValueError."""
    number = int(ANNO_DOMINI.sub("", BEFORE_CHRIST.sub("", text)).replace("\N{MINUS SIGN}", "-"))
    return -number if BEFORE_CHRIST.search(text) else number
