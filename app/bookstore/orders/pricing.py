"""What an order costs, from rules that are data (rates.toml)."""

import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Self

from babel import Locale
from pydantic import BaseModel, ConfigDict, Field, model_validator

from bookstore.i18n.language import current
from bookstore.types import Cents

Country = Annotated[
    str,
    Field(
        pattern="^[A-Z]{2}$",
        description="ISO 3166-1 alpha-2 code of a country that the shop sends to.",
        examples=["US"],
        json_schema_extra={"format": "country"},
    ),
]


def country_name(code: str) -> str:
    """What a country is called in the language that is spoken: 'Germany' for DE."""
    return str(Locale(current()).territories.get(code, code))


def _for_sorting(text: str) -> str:
    """Österreich among the words with O (the first level of the Unicode collation, near enough for names)."""
    return "".join(
        letter for letter in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(letter)
    )


class Zone(BaseModel):
    """Countries with the same rules."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    countries: list[Country] = Field(min_length=1)
    first_book_cents: Cents
    each_more_cents: Cents
    free_from_cents: Cents | None = None
    tax_percent: Annotated[Decimal, Field(ge=0, le=100)]
    tax_included: bool


class Rates(BaseModel):
    """Every zone, by a name of the shop's choice."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    zones: Mapping[str, Zone] = Field(min_length=1)

    @model_validator(mode="after")
    def _each_country_once(self) -> Self:
        named = [country for zone in self.zones.values() for country in zone.countries]
        if twice := sorted({country for country in named if named.count(country) > 1}):
            raise ValueError(f"in more than one zone: {', '.join(twice)}")
        return self

    def zone_of(self, country: str) -> Zone | None:
        """The zone of a country; None where the shop does not send to."""
        return next((zone for zone in self.zones.values() if country in zone.countries), None)

    def countries(self) -> list[tuple[str, str]]:
        """Code and name of each country that the shop sends to, by name."""
        found = ((code, country_name(code)) for zone in self.zones.values() for code in zone.countries)
        return sorted(found, key=lambda country: _for_sorting(country[1]))


@dataclass(frozen=True)
class Totals:
    """The amounts of an order, in the currency's smallest unit; `total` is what is paid."""

    subtotal_cents: int
    shipping_cents: int
    tax_cents: int
    total_cents: int
    tax_included: bool


@cache
def load(path: Path) -> Rates:
    """The rates of a file; raises OSError, tomllib.TOMLDecodeError or pydantic's ValidationError."""
    return Rates.model_validate(tomllib.loads(path.read_text()))


def totals(zone: Zone, lines: Sequence[tuple[int, int]]) -> Totals:
    """What lines of (price in cents, quantity) cost when sent to a zone; the tax is rounded once, half up."""
    subtotal = sum(price * quantity for price, quantity in lines)
    books = sum(quantity for _, quantity in lines)
    shipping = zone.first_book_cents + zone.each_more_cents * max(books - 1, 0)
    if zone.free_from_cents is not None and subtotal >= zone.free_from_cents:
        shipping = 0
    taxed, rate = Decimal(subtotal + shipping), zone.tax_percent / 100
    tax = int((taxed * rate / (1 + rate) if zone.tax_included else taxed * rate).to_integral_value(ROUND_HALF_UP))
    total = subtotal + shipping + (0 if zone.tax_included else tax)
    return Totals(subtotal, shipping, tax, total, zone.tax_included)
