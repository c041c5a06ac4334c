"""Types that several features share: text that PostgreSQL can store, and numbers that fit its columns."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

BIGINT_MAX = 2**63 - 1
INTEGER_MAX = 2**31 - 1


def _storable(value: str) -> str:
    if "\0" in value:
        raise ValueError("must not hold a NUL character")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("must not hold a lone surrogate") from None
    return value


# One line of text, trimmed; add a length with Field(max_length=...).
Text = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_storable)]
Line = Annotated[Text, Field(min_length=1, max_length=500)]
Cents = Annotated[int, Field(ge=0, le=INTEGER_MAX, description="In the currency's smallest unit.")]
Count = Annotated[int, Field(ge=0, le=INTEGER_MAX)]
