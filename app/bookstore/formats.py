"""Values as people read and write them, in the language that is spoken."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache, lru_cache

from babel.dates import format_date, format_datetime
from babel.numbers import (
    format_currency,
    format_decimal,
    get_currency_precision,
    get_currency_symbol,
    get_decimal_symbol,
    get_group_symbol,
)

from bookstore.i18n.language import locale
from bookstore.i18n.messages import gettext

BEFORE_CHRIST = re.compile(r"(?i)\b(bce?|b\.\s?c\.(\s?e\.)?|v\.?\s?chr\.?)\s*$")
ANNO_DOMINI = re.compile(r"(?i)^\s*(ad|ce)\b|\b(ad|ce|n\.?\s?chr\.?)\s*$")
AMOUNT = re.compile(r"\d{1,15}(\.\d{0,15})?|\.\d{1,15}")
GROUPS = r"\d{{1,3}}({group}\d{{3}})+({decimal}\d*)?"


def money(cents: int, currency: str) -> str:
    """An amount in a currency's smallest unit: money(1299, 'USD') is '$12.99', and '12,99 $' in German."""
    return _money(cents, currency, locale())


@lru_cache(maxsize=4096)
def _money(cents: int, currency: str, written: str) -> str:
    return format_currency(cents / 10 ** get_currency_precision(currency), currency, locale=written)


def currency_symbol(currency: str) -> str:
    """How a currency is written beside an amount: '$' for USD, its code where it has no sign."""
    return get_currency_symbol(currency, locale=locale())


def number(value: int) -> str:
    """A whole number: number(12000) is '12,000'."""
    return format_decimal(value, locale=locale())


def decimal(text: str) -> str:
    """A number with its decimals as they are: decimal('4.10') is '4,10' in German."""
    return text.replace(".", _point(locale()))


@cache
def _point(written: str) -> str:
    return get_decimal_symbol(written)


def amount(cents: int, currency: str) -> str:
    """An amount as `cents` reads it: amount(1250, 'USD') is '12.50', amount(1000, 'USD') is '10'."""
    precision = get_currency_precision(currency)
    number = Decimal(cents).scaleb(-precision)
    return str(int(number)) if number == number.to_integral_value() else f"{number:.{precision}f}"


def cents(text: str, currency: str) -> int:
    """The typed amount in the currency's smallest unit: '$1,299', '12.50' and '12,50' are all understood.

    '1.299' is more than a thousand only where the language groups digits so.

    Raises ValueError, whose message is for the one who typed it.
    """
    precision = get_currency_precision(currency)
    written = re.sub(rf"[\s{re.escape(currency_symbol(currency))}]|{currency}", "", text.upper())
    group, point = get_group_symbol(locale()), _point(locale())
    if re.fullmatch(GROUPS.format(group=re.escape(group), decimal=re.escape(point)), written):
        written = written.replace(group, "")
    written = written.replace(",", ".")
    if not AMOUNT.fullmatch(written):
        raise ValueError(gettext("Write an amount such as %(example)s.", example=decimal(amount(1250, currency))))
    smallest = Decimal(written).scaleb(precision)
    if smallest != smallest.to_integral_value():
        if not precision:
            raise ValueError(gettext("Write a whole amount."))
        raise ValueError(gettext("Write at most %(most)s decimals.", most=precision))
    return int(smallest)


def moment(value: datetime) -> str:
    """A time for people, in UTC: 'Nov 24, 2026, 9:41 AM UTC'."""
    return f"{format_datetime(value, 'medium', tzinfo=UTC, locale=locale())} UTC"


def day(value: datetime | str) -> str:
    """A day for people, in UTC: 'Nov 24, 2026'; also of a date as ISO 8601 writes it."""
    return format_date(
        date.fromisoformat(value) if isinstance(value, str) else value.astimezone(UTC), "medium", locale=locale()
    )


def year(value: int) -> str:
    """A year, with the era before Christ: year(-720) is '720 BC'."""
    return str(value) if value > 0 else gettext("%(year)s BC", year=-value)


def year_number(text: str) -> int:
    """The typed year, negative before Christ: '1984', '-720', '720 BC' and '720 v. Chr.' are all understood.

    Raises ValueError.
    """
    number = int(ANNO_DOMINI.sub("", BEFORE_CHRIST.sub("", text)).replace("\N{MINUS SIGN}", "-"))
    return -number if BEFORE_CHRIST.search(text) else number
