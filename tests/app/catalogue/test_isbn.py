"""ISBN: ISO 2108."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookstore.catalogue.isbn import InvalidISBN, from_first_twelve, isbn10_check_digit, normalise, to_isbn10

NINE = st.text("0123456789", min_size=9, max_size=9)
ISBN10S = NINE.map(lambda digits: digits + isbn10_check_digit(digits))
ISBN13S = st.builds(lambda prefix, digits: from_first_twelve(prefix + digits), st.sampled_from(["978", "979"]), NINE)
SEPARATOR = st.sampled_from(["", "", "-", " ", "\N{EN DASH}", "\N{NON-BREAKING HYPHEN}", "\N{NO-BREAK SPACE}", "--"])
LABEL = st.sampled_from(["", "ISBN ", "isbn:", "ISBN-13: ", "ISBN-10:", "ISBN"])


class TestNormalise:
    @pytest.mark.parametrize(
        ("text", "isbn13"),
        [
            ("0306406152", "9780306406157"),
            ("978-0-306-40615-7", "9780306406157"),
            ("080442957X", "9780804429573"),
            ("0-8044-2957-x", "9780804429573"),
            ("979-10-90636-07-1", "9791090636071"),
            ("ISBN 13 978-0-306-40615-7", "9780306406157"),
        ],
    )
    def test_of_known_books(self, text: str, isbn13: str) -> None:
        assert normalise(text) == isbn13

    @given(isbn=ISBN10S | ISBN13S, label=LABEL, data=st.data())
    def test_of_any_spelling(self, isbn: str, label: str, data: st.DataObject) -> None:
        spelt = label + "".join(letter + data.draw(SEPARATOR) for letter in isbn)
        assert normalise(spelt) == normalise(isbn) == normalise(spelt.lower())

    @given(isbn=ISBN13S)
    def test_of_an_isbn_13_is_itself(self, isbn: str) -> None:
        assert normalise(isbn) == isbn

    @given(isbn=ISBN10S)
    def test_round_trip_of_an_isbn_10(self, isbn: str) -> None:
        assert to_isbn10(normalise(isbn)) == isbn

    @given(isbn=ISBN10S | ISBN13S, place=st.integers(0, 12), other=st.sampled_from("0123456789"))
    def test_a_wrong_digit_is_always_refused(self, isbn: str, place: int, other: str) -> None:
        place %= len(isbn)
        if isbn[place] == other:
            return
        with pytest.raises(InvalidISBN):
            normalise(isbn[:place] + other + isbn[place + 1 :])

    @given(isbn=ISBN10S, place=st.integers(0, 7))
    def test_swapped_digits_of_an_isbn_10_are_always_refused(self, isbn: str, place: int) -> None:
        swapped = isbn[:place] + isbn[place + 1] + isbn[place] + isbn[place + 2 :]
        if swapped != isbn:
            with pytest.raises(InvalidISBN):
                normalise(swapped)

    @given(text=st.text() | st.text("0123456789X-", max_size=14))
    def test_of_any_text_is_an_isbn_or_refused(self, text: str) -> None:
        try:
            found = normalise(text)
        except InvalidISBN:
            return
        assert normalise(found) == found
        assert len(found) == 13

    @pytest.mark.parametrize(
        "text", ["", "-", "97803064061570", "9770306406157", "X306406152", "٠٣٠٦٤٠٦١٥٢", "0306406152.0"]
    )
    def test_of_what_is_none_is_refused(self, text: str) -> None:
        with pytest.raises(InvalidISBN):
            normalise(text)


class TestToISBN10:
    def test_of_979_is_none(self) -> None:
        assert to_isbn10("9791090636071") is None
