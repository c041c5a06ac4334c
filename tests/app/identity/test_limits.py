"""Limits of how often something may be tried."""

import pytest
from flask import Flask
from psycopg import Connection

from bookstore.db import unit_of_work
from bookstore.errors import TooManyRequests
from bookstore.identity import limits


def hit(app: Flask, bucket: str = "a", limit: int = 3, seconds: int = 60) -> None:
    with app.app_context(), unit_of_work() as session:
        limits.hit(session, bucket, limit, seconds)


def guess(app: Flask, bucket: str = "a") -> int:
    """The seconds to wait; 0 where the guess counted."""
    try:
        with app.app_context(), unit_of_work() as session:
            limits.guess(session, bucket)
    except TooManyRequests as error:
        return error.retry_after_seconds
    return 0


class TestHit:
    def test_up_to_the_limit_in_a_window(self, app: Flask, owner: Connection) -> None:
        for _ in range(3):
            hit(app)
        with pytest.raises(TooManyRequests) as error:
            hit(app)
        assert 0 < error.value.retry_after_seconds <= 60
        hit(app, "b")
        owner.execute("UPDATE rate_limit SET ends_at = now()")
        hit(app)

    def test_a_window_begins_with_the_first(self, app: Flask, owner: Connection) -> None:
        hit(app)
        before = owner.execute("SELECT ends_at FROM rate_limit").fetchone()
        hit(app)
        assert owner.execute("SELECT ends_at FROM rate_limit").fetchone() == before

    def test_keeps_nothing_of_the_bucket(self, app: Flask, owner: Connection) -> None:
        hit(app, "jane@example.org")
        (row,) = owner.execute("SELECT rate_limit::text FROM rate_limit").fetchone() or ()
        assert "jane" not in row
        assert b"jane".hex() not in row


class TestGuess:
    def test_the_first_five_are_free_then_each_waits_twice_as_long(self, app: Flask, owner: Connection) -> None:
        assert [guess(app) for _ in range(5)] == [0] * 5
        waits = []
        for _ in range(7):
            waits.append(guess(app))
            owner.execute("UPDATE rate_limit SET ends_at = now()")
            assert guess(app) == 0
        assert waits == [30, 60, 120, 240, 480, 900, 900]

    def test_is_forgiven_after_a_day(self, app: Flask, owner: Connection) -> None:
        for _ in range(6):
            guess(app)
        owner.execute("UPDATE rate_limit SET ends_at = now() - interval '25 hours'")
        assert [guess(app) for _ in range(5)] == [0] * 5

    def test_is_forgotten_after_a_right_one(self, app: Flask) -> None:
        for _ in range(6):
            guess(app)
        with app.app_context(), unit_of_work() as session:
            limits.forget(session, "a", "b")
        assert guess(app) == 0


class TestPurge:
    def test_leaves_what_still_limits(self, app: Flask, owner: Connection) -> None:
        guess(app, "old")
        owner.execute("UPDATE rate_limit SET ends_at = now() - interval '25 hours'")
        guess(app, "new")
        with app.app_context(), unit_of_work() as session:
            assert limits.purge(session) == 1


class TestClientNetwork:
    @pytest.mark.parametrize(
        ("address", "network"),
        [
            ("192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("", "unknown"),
            ("nonsense", "unknown"),
        ],
    )
    def test_is_an_address_or_a_network_of_ipv6(self, app: Flask, address: str, network: str) -> None:
        with app.test_request_context(environ_base={"REMOTE_ADDR": address}):
            assert limits.client_network() == network
