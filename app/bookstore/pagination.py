"""Keyset pages: a cursor says after which row to go on, so that page 1,000 costs what page 1 does."""

import base64
import binascii
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError
from sqlalchemy import ColumnElement, Select, tuple_

from bookstore.errors import BadRequest
from bookstore.types import BIGINT_MAX, Text

# The order that it belongs to, the last row's sort key, and its id.
Cursor = tuple[
    Annotated[Text, Field(max_length=20)],
    Annotated[int, Field(strict=True, ge=-BIGINT_MAX, le=BIGINT_MAX)] | Annotated[Text, Field(max_length=500)],
    Annotated[int, Field(strict=True, ge=0, le=BIGINT_MAX)],
]
_cursor: TypeAdapter[Cursor] = TypeAdapter(Cursor)


def encode(order: str, key: int | str, row_id: int) -> str:
    """The opaque text of a cursor: base64url without padding."""
    return base64.urlsafe_b64encode(_cursor.dump_json((order, key, row_id))).decode().rstrip("=")


def decode(text: str, order: str, key_type: type) -> tuple[int | str, int]:
    """The sort key and id in a cursor of this order; raises BadRequest for any other text."""
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        found, key, row_id = _cursor.validate_json(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, UnicodeEncodeError, ValidationError):
        raise BadRequest("This cursor is not one that a page gave: start at the first page.") from None
    if found != order or not isinstance(key, key_type):
        raise BadRequest("This cursor belongs to another order: start at the first page.")
    return key, row_id


def after(
    statement: Select[Any], key: ColumnElement[Any], row_id: ColumnElement[int], *, descending: bool
) -> Select[Any]:
    """The statement in the order of (key, id)."""
    return statement.order_by(*((key.desc(), row_id.desc()) if descending else (key, row_id)))


def beyond(
    key: ColumnElement[Any], row_id: ColumnElement[int], last: tuple[int | str, int], *, descending: bool
) -> ColumnElement[bool]:
    """Rows that come after the last one seen, as one comparison that an index on (key, id) answers."""
    position = tuple_(key, row_id)
    return position < last if descending else position > last
