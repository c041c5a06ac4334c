"""Types that several features share: text that PostgreSQL can store, and numbers that fit its columns."""

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, GetJsonSchemaHandler, StringConstraints
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

BIGINT_MAX = 2**63 - 1
INTEGER_MAX = 2**31 - 1
CONTROL = re.compile(r"[\x00-\x1F\x7F-\x9F]")


def _storable(value: str) -> str:
    if "\0" in value:
        raise ValueError("must not hold a NUL character")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("must not hold a lone surrogate") from None
    return value


@dataclass(frozen=True)
class Pattern:
    """What a validator checks, as OpenAPI can say it."""

    text: str

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The type's own schema, and this pattern."""
        return {**handler(schema), "pattern": self.text}


def _whole(value: object) -> object:
    """JSON has one kind of number: 12.0 is 12."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _one_line(value: str) -> str:
    if CONTROL.search(value):
        raise ValueError("must be one line without control characters")
    return value


# After the length's constraints in an Annotated, so that those speak of characters.
Storable = AfterValidator(_storable)
WithoutNul = Pattern(r"^[^\u0000]*$")
ONE_LINE = r"^[^\u0000-\u001F\u007F-\u009F]*[^\s\u0000-\u001F\u007F-\u009F][^\u0000-\u001F\u007F-\u009F]*$"
Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=500),
    Storable,
    AfterValidator(_one_line),
    Pattern(ONE_LINE),
]
Whole = BeforeValidator(_whole)
Cents = Annotated[int, Field(ge=0, le=INTEGER_MAX, description="In the currency's smallest unit."), Whole]
Count = Annotated[int, Field(ge=0, le=INTEGER_MAX), Whole]
