"""The address of the browse page, as people fill it in: amounts in the shop's currency, years with an era.

What cannot be read is left out and explained, so that one slip never costs the rest of a search.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from pydantic import ValidationError

from bookstore.catalogue import languages
from bookstore.catalogue.schemas import BookQuery, Sort
from bookstore.catalogue.slugs import slugify
from bookstore.formats import amount, cents, money, year, year_number
from bookstore.i18n.messages import gettext, gettext_noop

PER_PAGE = 24
FIELDS = tuple(name for name in BookQuery.model_fields if name != "limit")
RANGES = {"year": ("year_from", "year_to"), "price": ("price_from", "price_to")}
ADVICE = {
    "q": gettext_noop("Search with at most 200 characters."),
    "author": gettext_noop("Write an author's name."),
    "language": gettext_noop("Choose a language from the list."),
    "year_from": gettext_noop("Write a year such as 1984 or 720 BC."),
    "year_to": gettext_noop("Write a year such as 1984 or 720 BC."),
    "price_from": gettext_noop("This is more than any book can cost."),
    "price_to": gettext_noop("This is more than any book can cost."),
    "in_stock": gettext_noop("Choose yes or no."),
    "sort": gettext_noop("Choose an order from the list."),
    "cursor": gettext_noop("This page does not exist any more: here is the first one."),
}
WRONG_ORDER = {
    "year": gettext_noop("This is before the first year."),
    "price": gettext_noop("This is less than the lowest price."),
}
SORT_LABELS = {
    Sort.RELEVANCE: gettext_noop("Best match"),
    Sort.POPULAR: gettext_noop("Most rated"),
    Sort.NEWEST: gettext_noop("Newest first"),
    Sort.OLDEST: gettext_noop("Oldest first"),
    Sort.CHEAPEST: gettext_noop("Price, low to high"),
    Sort.DEAREST: gettext_noop("Price, high to low"),
    Sort.TITLE: gettext_noop("Title, A to Z"),
}


@dataclass(frozen=True)
class Browsing:
    """What was typed, what it means, and what is wrong with the parts that mean nothing."""

    typed: Mapping[str, str]
    query: BookQuery
    mistakes: dict[str, str]

    def url(self, *without: str, **changes: str | None) -> str:
        """The browse page's address with some parameters changed and some left out."""
        kept = {name: value for name, value in {**self.typed, **changes}.items() if value and name not in without}
        return f"/books?{urlencode(kept)}" if kept else "/books"


def read(address: Mapping[str, str], currency: str) -> Browsing:
    """Understand the parameters of an address; unknown ones, such as a campaign's, are none of ours."""
    typed = {name: text for name in FIELDS if (text := address.get(name, "").strip())}
    readers: dict[str, Callable[[str], Any]] = {
        "author": slugify,
        "year_from": year_number,
        "year_to": year_number,
        "price_from": lambda text: cents(text, currency),
        "price_to": lambda text: cents(text, currency),
    }
    given: dict[str, Any] = {"limit": PER_PAGE}
    mistakes: dict[str, str] = {}
    for name, text in typed.items():
        try:
            given[name] = readers.get(name, str)(text)
        except ValueError as error:
            mistakes[name] = str(error) if name.startswith("price") else gettext(ADVICE[name])
    for name, (low, high) in RANGES.items():
        if low in given and high in given and given[low] > given[high]:
            mistakes[high] = gettext(WRONG_ORDER[name])
            del given[low], given[high]
    try:
        return Browsing(typed, BookQuery.model_validate(given), mistakes)
    except ValidationError as error:
        wrong = {str(item["loc"][0]) for item in error.errors(include_url=False, include_input=False)}
    mistakes |= {name: gettext(ADVICE[name]) for name in wrong}
    kept = {name: value for name, value in given.items() if name not in wrong}
    return Browsing(typed, BookQuery.model_validate(kept), mistakes)


def heading(query: BookQuery, author: str | None) -> str:
    """What the page shows, in a few words."""
    if query.q:
        return gettext("Results for “%(search)s”", search=query.q)
    if author:
        return gettext("Books by %(author)s", author=author)
    if query.language:
        return gettext("Books in %(language)s", language=languages.name(query.language))
    return gettext("All books")


def chips(browsing: Browsing, author: str | None, currency: str) -> list[tuple[str, str]]:
    """The filters in use: what each says, and the address without it."""
    query = browsing.query
    years = _between(query.year_from, query.year_to, year)
    prices = _between(query.price_from, query.price_to, lambda value: money(value, currency))
    found = (
        (f"“{query.q}”" if query.q else None, ("q",)),
        (gettext("By %(author)s", author=author) if author else None, ("author",)),
        (
            gettext("In %(language)s", language=languages.name(query.language)) if query.language else None,
            ("language",),
        ),
        (years, RANGES["year"]),
        (prices, RANGES["price"]),
        (gettext("In stock") if query.in_stock else None, ("in_stock",)),
    )
    return [(label, browsing.url("cursor", *names)) for label, names in found if label]


def _between(low: int | None, high: int | None, written: Callable[[int], str]) -> str | None:
    if low is not None and high is not None:
        if low == high:
            return written(low)
        return gettext("%(low)s to %(high)s", low=written(low), high=written(high))
    if low is not None:
        return gettext("From %(low)s", low=written(low))
    return gettext("Up to %(high)s", high=written(high)) if high is not None else None


def themes(currency: str) -> list[tuple[str, str]]:
    """Ways into the catalogue that need no subject headings: what each is called, and its address."""
    bargain = amount(1000, currency)
    return [
        (gettext("Ancient voices, before 1 AD"), "/books?year_to=-1&sort=oldest"),
        (gettext("Old classics, before 1900"), "/books?year_from=1&year_to=1899"),
        (gettext("Modern classics, 1900 to 1969"), "/books?year_from=1900&year_to=1969"),
        (gettext("The late century, 1970 to 1999"), "/books?year_from=1970&year_to=1999"),
        (gettext("This century"), "/books?year_from=2000"),
        (gettext("Under %(price)s", price=money(1000, currency)), f"/books?price_to={bargain}&in_stock=1"),
    ]
