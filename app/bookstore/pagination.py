"""Keyset pages: a cursor says after which row to go on, so that page 1,000 costs what page 1 does.

It is signed, so that it stays what a page gave: nobody comes to build one, and its content may change.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Row, Select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from bookstore.db import ReadSession
from bookstore.errors import BadRequest
from bookstore.i18n.messages import gettext
from bookstore.keys import signing_keys

SIGNATURE_BYTES = 12


@dataclass(frozen=True)
class Page:
    """Rows, and the cursor of the page after them, None on the last."""

    rows: Sequence[Row[Any]]
    next_cursor: str | None


def page(rows: Sequence[Row[Any]], limit: int, cursor_after: Callable[[Row[Any]], str]) -> Page:
    """The page of rows of which one more than `limit` was asked for, to see whether another page follows."""
    if len(rows) <= limit:
        return Page(rows, None)
    return Page(rows[:limit], cursor_after(rows[limit - 1]))


def by_id(
    session: ReadSession,
    statement: Select[Any],
    row_id: InstrumentedAttribute[int],
    order: str,
    limit: int,
    cursor: str | None,
    *,
    oldest_first: bool = False,
    values: Mapping[str, Any] | None = None,
) -> Page:
    """One page of a statement's rows by their `id`, the newest first; raises BadRequest for a forged cursor.

    `order` names the list in its cursors; `values` are those of the statement's parameters.
    """
    if cursor:
        _, last = decode(cursor, order)
        statement = statement.where(row_id > last if oldest_first else row_id < last)
    ordered = statement.order_by(row_id if oldest_first else row_id.desc()).limit(limit + 1)
    return page(session.execute(ordered, values or {}).all(), limit, lambda row: encode(order, 0, row.id))


def encode(order: str, key: int | str, row_id: int) -> str:
    """The opaque text of a cursor: base64url without padding."""
    content = orjson.dumps((order, key, row_id))
    return base64.urlsafe_b64encode(_signature(content, signing_keys()[-1]) + content).decode().rstrip("=")


def decode(text: str, order: str) -> tuple[int | str, int]:
    """The sort key and id in a cursor of this order; raises BadRequest for any other text."""
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        raw = base64.b64decode(padded, altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raw = b""
    signature, content = raw[:SIGNATURE_BYTES], raw[SIGNATURE_BYTES:]
    if not any(hmac.compare_digest(signature, _signature(content, key)) for key in signing_keys()):
        raise BadRequest(gettext("This cursor is not one that a page gave: start at the first page."))
    found, key, row_id = orjson.loads(content)
    if found != order:
        raise BadRequest(gettext("This cursor belongs to another order: start at the first page."))
    return key, row_id


def _signature(content: bytes, key: str) -> bytes:
    return hashlib.blake2b(content, key=hashlib.sha256(key.encode()).digest(), digest_size=SIGNATURE_BYTES).digest()


def after(
    statement: Select[Any], key: ColumnElement[Any], row_id: ColumnElement[int], *, descending: bool
) -> Select[Any]:
    """The statement in the order of (key, id)."""
    return statement.order_by(*((key.desc(), row_id.desc()) if descending else (key, row_id)))


def beyond(
    key: ColumnElement[Any],
    row_id: ColumnElement[int],
    last: tuple[ColumnElement[Any], ColumnElement[int]],
    *,
    descending: bool,
) -> ColumnElement[bool]:
    """Rows that come after the last one seen, as one comparison that an index on (key, id) answers."""
    position, end = tuple_(key, row_id), tuple_(*last)
    return position < end if descending else position > end
