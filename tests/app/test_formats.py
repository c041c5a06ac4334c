"""Values as people read them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookstore.formats import money, year


class TestMoney:
    @pytest.mark.parametrize(
        ("cents", "currency", "text"),
        [
            (0, "USD", "$0.00"),
            (5, "USD", "$0.05"),
            (1299, "USD", "$12.99"),
            (123456789, "USD", "$1,234,567.89"),
            (1299, "EUR", "€12.99"),
            (500, "JPY", "¥500"),
            (1234, "KWD", "KWD1.234"),
            (1299, "XYZ", "XYZ12.99"),
        ],
    )
    def test_in_a_currency(self, cents: int, currency: str, text: str) -> None:
        assert money(cents, currency) == text

    @given(cents=st.integers(0, 2**31 - 1))
    def test_never_loses_a_cent(self, cents: int) -> None:
        assert int(re.sub(r"[$,.]", "", money(cents, "USD"))) == cents


class TestYear:
    @pytest.mark.parametrize(("value", "text"), [(1984, "1984"), (1, "1"), (-720, "720 BC"), (-1, "1 BC")])
    def test_has_an_era_before_christ(self, value: int, text: str) -> None:
        assert year(value) == text
