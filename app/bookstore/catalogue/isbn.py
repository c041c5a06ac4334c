"""International Standard Book Numbers: ISO 2108, with the check digits of its annexes A and C."""

import re

SEPARATORS = re.compile(r"[\s\u00ad\u2010-\u2015\u2212-]+")
# "ISBN", "ISBN:", "ISBN-13:" and the like, in capitals and without separators.
LABEL = r"(?:ISBN(?:1[03])?:?)?"
ISBN10 = re.compile(rf"{LABEL}([0-9]{{9}}[0-9X])")
ISBN13 = re.compile(rf"{LABEL}(97[89][0-9]{{10}})")


class InvalidISBN(ValueError):
    """Not an ISBN; the message says why."""


def normalise(text: str) -> str:
    """The ISBN-13, thirteen digits, for an ISBN-10 or ISBN-13 in any spelling; raises InvalidISBN."""
    compact = SEPARATORS.sub("", text).upper()
    if match := ISBN10.fullmatch(compact):
        digits = match[1]
        if isbn10_check_digit(digits[:9]) != digits[9]:
            raise InvalidISBN("has a wrong check digit")
        return from_first_twelve("978" + digits[:9])
    if match := ISBN13.fullmatch(compact):
        digits = match[1]
        if from_first_twelve(digits[:12]) != digits:
            raise InvalidISBN("has a wrong check digit")
        return digits
    raise InvalidISBN("is not an ISBN of 10 or 13 digits")


def from_first_twelve(digits: str) -> str:
    """The ISBN-13 that begins with these twelve digits."""
    total = sum(int(digit) * (3 if index % 2 else 1) for index, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


def isbn10_check_digit(digits: str) -> str:
    """The tenth character for nine digits: 0 to 9, or X for ten."""
    value = -sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=True)) % 11
    return "X" if value == 10 else str(value)


def to_isbn10(isbn13: str) -> str | None:
    """The same number as an ISBN-10, or None where there is none (prefix 979)."""
    return isbn13[3:12] + isbn10_check_digit(isbn13[3:12]) if isbn13.startswith("978") else None
