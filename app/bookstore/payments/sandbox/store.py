"""What the sandbox knows, in SQLite. Every function takes the connection of one transaction."""

import hashlib
import json
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from bookstore.payments.models import PaymentState

SCHEMA = """
CREATE TABLE IF NOT EXISTS payment (
    id TEXT PRIMARY KEY, reference TEXT NOT NULL, amount_cents INTEGER NOT NULL, currency TEXT NOT NULL,
    return_url TEXT NOT NULL, checkout_url TEXT NOT NULL, state TEXT NOT NULL,
    expires_at REAL NOT NULL, stuck_until REAL NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS answer (key TEXT PRIMARY KEY, request BLOB NOT NULL, payment TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS event (
    id TEXT PRIMARY KEY, body TEXT NOT NULL, copies INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, next_attempt_at REAL
);
"""
SHOWN = ("id", "reference", "state", "amount_cents", "currency", "checkout_url")
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, ATTEMPTS = 0.25, 60.0, 60

Payment = dict[str, Any]


class KeyReused(Exception):
    """An idempotency key came with another request than the first time."""


class NotPossible(Exception):
    """The payment is in no state for this."""


class Store:
    """The one connection, for one thread at a time."""

    def __init__(self, path: str) -> None:
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        self._connection.executescript(SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Committed at the end, rolled back if anything is raised."""
        with self._lock, self._connection:
            yield self._connection


def once(connection: sqlite3.Connection, key: str, request: bytes, make: Callable[[], Payment]) -> Payment:
    """What `make` gave to the first request of this key; raises KeyReused for another request."""
    digest = hashlib.sha256(request).digest()
    before = connection.execute("SELECT request, payment FROM answer WHERE key = ?", (key,)).fetchone()
    if before is None:
        made = make()
        connection.execute("INSERT INTO answer VALUES (?, ?, ?)", (key, digest, json.dumps(made)))
        return made
    if before["request"] != digest:
        raise KeyReused
    answer: Payment = json.loads(before["payment"])
    return answer


def create(connection: sqlite3.Connection, wanted: Payment, pages: str, lifetime_seconds: float) -> Payment:
    """A new payment, open for a while; `pages` is the address under which its page is."""
    identity = f"pay_{secrets.token_hex(12)}"
    row = wanted | {
        "id": identity,
        "checkout_url": f"{pages}/{identity}",
        "state": PaymentState.OPEN,
        "expires_at": time.time() + lifetime_seconds,
    }
    connection.execute(
        "INSERT INTO payment (id, reference, amount_cents, currency, return_url, checkout_url, state, expires_at) "
        "VALUES (:id, :reference, :amount_cents, :currency, :return_url, :checkout_url, :state, :expires_at)",
        row,
    )
    return {name: row[name] for name in SHOWN}


def find(connection: sqlite3.Connection, identity: str) -> sqlite3.Row | None:
    """A payment, expired by now if nobody paid it in time."""
    connection.execute(
        "UPDATE payment SET state = ? WHERE id = ? AND state = ? AND expires_at < ?",
        (PaymentState.EXPIRED, identity, PaymentState.OPEN, time.time()),
    )
    found: sqlite3.Row | None = connection.execute("SELECT * FROM payment WHERE id = ?", (identity,)).fetchone()
    return found


def shown(row: sqlite3.Row) -> Payment:
    """A payment as the API shows it."""
    return {name: row[name] for name in SHOWN}


def move(
    connection: sqlite3.Connection, identity: str, before: PaymentState, after: PaymentState, stuck_until: float = 0
) -> Payment:
    """Take a payment from one state to another; raises NotPossible if it is in a third."""
    changed = connection.execute(
        "UPDATE payment SET state = ?, stuck_until = ? WHERE id = ? AND state = ? RETURNING *",
        (after, stuck_until, identity, before),
    ).fetchone()
    if changed is None:
        raise NotPossible
    return shown(changed)


def announce(connection: sqlite3.Connection, payment: Payment, copies: int, at: float) -> str:
    """Have the shop told what a payment is now, from the time `at` on; gives the event's id."""
    identity = f"evt_{secrets.token_hex(12)}"
    body = json.dumps({"type": f"payment.{payment['state']}", "data": payment})
    connection.execute(
        "INSERT INTO event (id, body, copies, next_attempt_at) VALUES (?, ?, ?, ?)", (identity, body, copies, at)
    )
    return identity


def event(connection: sqlite3.Connection, identity: str) -> sqlite3.Row:
    """An event."""
    found: sqlite3.Row = connection.execute("SELECT * FROM event WHERE id = ?", (identity,)).fetchone()
    return found


def next_event(connection: sqlite3.Connection) -> sqlite3.Row | None:
    """The event that is to be sent first."""
    found: sqlite3.Row | None = connection.execute(
        "SELECT * FROM event WHERE next_attempt_at IS NOT NULL ORDER BY next_attempt_at LIMIT 1"
    ).fetchone()
    return found


def delivered(connection: sqlite3.Connection, identity: str) -> None:
    """The shop has it."""
    connection.execute("UPDATE event SET next_attempt_at = NULL WHERE id = ?", (identity,))


def postpone(connection: sqlite3.Connection, identity: str, attempts: int) -> None:
    """Send it again later, each time after a longer pause; in the end no more."""
    pause = min(FIRST_PAUSE_SECONDS * 2**attempts, LONGEST_PAUSE_SECONDS)
    again = time.time() + pause if attempts + 1 < ATTEMPTS else None
    connection.execute(
        "UPDATE event SET attempts = ?, next_attempt_at = ? WHERE id = ?", (attempts + 1, again, identity)
    )
