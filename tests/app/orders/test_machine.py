"""Buyers, clerks and the clock in any order, with crashes in between: the shop's books always balance."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy.orm import Session

from bookstore.cart import service as carts
from bookstore.db import unit_of_work
from bookstore.errors import Conflict
from bookstore.orders import service
from bookstore.orders.states import TRANSITIONS, State
from bookstore.stock import service as stock
from bookstore.stock.models import Reason
from tests.app.catalogue.conftest import AddBook
from tests.app.orders.conftest import PlaceOrder

BALANCE = """
SELECT book.id, stock,
    (SELECT coalesce(sum(quantity), 0) FROM stock_movement WHERE book_id = book.id),
    (SELECT coalesce(sum(quantity), 0) FROM sales_order_line AS line JOIN sales_order AS o ON o.id = line.order_id
     WHERE line.book_id = book.id AND o.state IN ('pending_payment', 'paid', 'packed', 'shipped', 'delivered'))
FROM book ORDER BY id
"""
HISTORY = """
SELECT o.state, (SELECT state FROM sales_order_event WHERE order_id = o.id ORDER BY id DESC LIMIT 1)
FROM sales_order AS o
"""


CRASHES = st.sampled_from([False, False, True])


def change(session: Session, number: str, to: State) -> None:
    service.change_state(session, service.locked_order(session, number), to, actor="machine")


class Crashed(Exception):
    """The process ended before the transaction did."""


def test_the_books_balance_whatever_happens(  # noqa: C901  # the machine is one class on these fixtures
    app: Flask, client: FlaskClient, add_book: AddBook, place: PlaceOrder, owner: psycopg.Connection
) -> None:
    class Shop(RuleBasedStateMachine):
        """What the world should look like is kept beside the shop: owned copies, and the state of each order."""

        @initialize(copies=st.lists(st.integers(0, 6), min_size=2, max_size=3))
        def open(self, copies: list[int]) -> None:
            owner.execute("TRUNCATE book, cart, sales_order, idempotency_key, outbox_message RESTART IDENTITY CASCADE")
            self.isbns = [add_book(stock=count)["isbn13"] for count in copies]
            self.owned = dict(enumerate(copies, 1))
            self.orders: dict[str, tuple[State, dict[int, int]]] = {}

        def work(self, do: Callable[[Session], Any], *, crash: bool) -> Any:
            """A unit of work that ends well, or in a crash that must leave no trace."""
            try:
                with app.app_context(), unit_of_work() as session:
                    result = do(session)
                    if crash:
                        raise Crashed
                    return result
            except Crashed:
                return None

        @rule(choice=st.dictionaries(st.integers(1, 2), st.integers(1, 3), min_size=1), repeat=st.booleans())
        def buy(self, choice: dict[int, int], *, repeat: bool) -> None:
            with app.app_context(), unit_of_work() as session:
                cart = carts.create_cart(session)
                for book, quantity in choice.items():
                    carts.set_quantity(session, cart, self.isbns[book - 1], quantity, "USD")
            left = dict(self.left())
            answer = place(cart, key=cart)
            assert (answer.status_code == 201) is all(left[book] >= count for book, count in choice.items())
            if answer.status_code != 201:
                return
            self.orders[answer.json["number"]] = (State.PENDING_PAYMENT, choice)
            if repeat:
                assert place(cart, key=cart, expected_total_cents=answer.json["total_cents"]).data == answer.data

        @rule(which=st.integers(0, 20), way=st.integers(0, 2), crash=CRASHES)
        def step(self, which: int, way: int, *, crash: bool) -> None:
            going_on = sorted(number for number, (state, _) in self.orders.items() if TRANSITIONS[state])
            if not going_on:
                return
            number = going_on[which % len(going_on)]
            before, lines = self.orders[number]
            to = sorted(TRANSITIONS[before])[way % len(TRANSITIONS[before])]
            self.work(lambda session: change(session, number, to), crash=crash)
            if crash:
                return
            self.orders[number] = (to, lines)
            if to is State.REFUNDED and before in (State.SHIPPED, State.DELIVERED):
                # Gone to the buyer, with the money given back.
                for book, count in lines.items():
                    self.owned[book] -= count

        @rule(which=st.integers(0, 20), to=st.sampled_from(State))
        def wrong_step(self, which: int, to: State) -> None:
            others = sorted(number for number, (state, _) in self.orders.items() if to not in TRANSITIONS[state])
            if others:
                with pytest.raises(Conflict):
                    self.work(lambda session: change(session, others[which % len(others)], to), crash=False)

        @rule(crash=CRASHES)
        def time_passes(self, *, crash: bool) -> None:
            late = {number for number, (state, _) in self.orders.items() if state is State.PENDING_PAYMENT}
            owner.execute("UPDATE sales_order SET reserved_until = now() WHERE state = 'pending_payment'")
            self.work(service.expire_reservations, crash=crash)
            if not crash:
                self.orders |= {number: (State.CANCELLED, self.orders[number][1]) for number in late}

        @rule(book=st.integers(1, 2), quantity=st.integers(-3, 5).filter(bool), crash=CRASHES)
        def count(self, book: int, quantity: int, *, crash: bool) -> None:
            def correct(session: Session) -> int:
                stock.explain(session, Reason.CORRECTED, actor="machine")
                return stock.adjust(session, self.isbns[book - 1], quantity)

            try:
                self.work(correct, crash=crash)
            except Conflict:
                assert dict(self.left())[book] + quantity < 0
                return
            if not crash:
                self.owned[book] += quantity

        def left(self) -> list[tuple[int, int]]:
            return [(row[0], row[1]) for row in owner.execute(BALANCE).fetchall()]

        @invariant()
        def balances(self) -> None:
            for book, on_shelf, ledger, sold in owner.execute(BALANCE).fetchall():
                assert on_shelf == ledger
                assert on_shelf + sold == self.owned[book]
            states = sorted(state for state, _ in self.orders.values())
            rows = owner.execute(HISTORY).fetchall()
            assert sorted(row[0] for row in rows) == states
            assert all(state == last for state, last in rows)

    quick = settings(max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(Shop, settings=quick)
