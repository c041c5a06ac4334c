"""Sending webhooks: signed, and again until the shop has taken them."""

import sqlite3
import threading
import time
from datetime import UTC, datetime

import urllib3
from standardwebhooks.webhooks import Webhook

from bookstore.payments.sandbox import store
from bookstore.payments.sandbox.store import Store

TIMEOUT_SECONDS = 10


class Courier:
    """Sends the store's events from a thread of its own, the earliest first."""

    def __init__(self, events: Store, url: str, secret: str) -> None:
        self._events = events
        self._url = url
        self._webhook = Webhook(secret)
        self._http = urllib3.PoolManager(retries=False, timeout=TIMEOUT_SECONDS)
        self._woken = threading.Event()

    def start(self) -> None:
        """Begin; it ends with the process."""
        threading.Thread(target=self._run, daemon=True, name="courier").start()

    def wake(self) -> None:
        """Look again: there is a new event."""
        self._woken.set()

    def deliver(self, identity: str) -> None:
        """Send an event now; if the shop does not take it, it is sent again later."""
        with self._events.transaction() as connection:
            event = store.event(connection, identity)
        taken = all(self._send(event) for _ in range(event["copies"]))
        with self._events.transaction() as connection:
            if taken:
                store.delivered(connection, identity)
            else:
                store.postpone(connection, identity, event["attempts"])

    def _run(self) -> None:
        while True:
            self._woken.clear()
            with self._events.transaction() as connection:
                event = store.next_event(connection)
            pause = event["next_attempt_at"] - time.time() if event else None
            if event is None or (pause is not None and pause > 0):
                self._woken.wait(pause)
            else:
                self.deliver(event["id"])

    def _send(self, event: sqlite3.Row) -> bool:
        now, body = datetime.now(UTC), event["body"]
        headers = {
            "Content-Type": "application/json",
            "webhook-id": event["id"],
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._webhook.sign(event["id"], now, body),
        }
        try:
            return self._http.request("POST", self._url, body=body, headers=headers).status // 100 == 2
        except urllib3.exceptions.HTTPError:
            return False
