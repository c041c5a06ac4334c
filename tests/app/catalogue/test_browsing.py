"""What people type into the filters."""

import pytest

from bookstore import formats
from bookstore.catalogue import browsing
from bookstore.catalogue.schemas import Sort


@pytest.mark.parametrize(
    ("text", "cents"),
    [("12.50", 1250), ("12,50", 1250), ("$1,299", 129900), (" 5 ", 500), ("USD 7.5", 750), ("1,299.95", 129995)],
)
def test_amounts(text: str, cents: int) -> None:
    assert formats.cents(text, "USD") == cents


@pytest.mark.parametrize("text", ["cheap", "-1", "1.234", "", "NaN", "Infinity", "1e9999999", "1.2.3"])
def test_amounts_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="Write"):
        formats.cents(text, "USD")


def test_a_currency_without_decimals() -> None:
    assert formats.cents("¥1,500", "JPY") == 1500
    assert formats.amount(1500, "JPY") == "1500"
    with pytest.raises(ValueError, match="whole"):
        formats.cents("15.5", "JPY")


@pytest.mark.parametrize(
    ("text", "year"), [("1984", 1984), ("-720", -720), ("720 BC", -720), ("44 b.c.", -44), ("AD 79", 79), ("8 CE", 8)]
)
def test_years(text: str, year: int) -> None:
    assert formats.year_number(text) == year


def test_wrong_parts_are_left_out_and_explained() -> None:
    given = {
        "q": " war  peace ",
        "price_to": "x",
        "language": "?",
        "year_from": "2000",
        "year_to": "1900",
        "sort": "up",
    }
    found = browsing.read(given | {"utm_source": "news", "in_stock": "1"}, "USD")
    assert found.query.q == "war peace"
    assert found.query.in_stock
    assert set(found.query.model_dump(exclude_none=True)) == {"q", "in_stock", "limit"}
    assert set(found.mistakes) == {"price_to", "language", "year_to", "sort"}
    assert found.typed["price_to"] == "x"


@pytest.mark.parametrize("name", browsing.FIELDS)
@pytest.mark.parametrize("text", ["9" * 300, "-" * 300, "\ud800", "9" * 5000, "1e400000"])
def test_nothing_typed_breaks_the_page(name: str, text: str) -> None:
    found = browsing.read({name: text}, "USD")
    assert found.typed == {name: text}


def test_chips_say_what_is_on_and_lead_to_the_page_without() -> None:
    given = {"author": "Jane Austen", "language": "eng", "year_to": "1 BC", "price_from": "5", "price_to": "10"}
    found = browsing.read(given, "USD")
    assert found.query.author == "jane-austen"
    chips = dict(browsing.chips(found, "Jane Austen", "USD"))
    assert list(chips) == ["By Jane Austen", "In English", "Up to 1 BC", "$5.00 to $10.00"]
    assert "price" not in chips["$5.00 to $10.00"]
    assert "author=Jane+Austen" in chips["In English"]


def test_headings() -> None:
    def heading(**address: str) -> str:
        return browsing.heading(browsing.read(address, "USD").query, address.get("author"))

    assert heading() == "All books"
    assert heading(q="x", author="A") == "Results for “x”"
    assert heading(author="A") == "Books by A"
    assert heading(language="fr") == "Books in French"


def test_every_order_has_a_name() -> None:
    assert set(browsing.SORT_LABELS) == set(Sort)
