"""Buyers, clerks, a payment provider and the clock in any order, with crashes in between: the books always balance."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy.orm import Session

from bookstore.cart import service as carts
from bookstore.db import unit_of_work
from bookstore.errors import Conflict
from bookstore.orders import service
from bookstore.orders.states import TRANSITIONS, State
from bookstore.payments import reconciling, settling
from bookstore.payments import service as payments
from bookstore.payments.models import PaymentState
from bookstore.payments.provider import Event
from bookstore.stock import service as stock
from bookstore.stock.models import Reason
from tests.app.catalogue.conftest import AddBook
from tests.app.orders.conftest import PlaceOrder
from tests.app.orders.provider import Crashed, MemoryProvider

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


PAYMENTS = """
SELECT o.number, o.state, payment.state, provider_id
FROM payment JOIN sales_order AS o ON o.id = order_id ORDER BY payment.id
"""
INVOICES = """
SELECT (SELECT array_agg(number ORDER BY number) FROM invoice), (SELECT count(*) FROM sales_order AS o
    WHERE EXISTS (SELECT FROM sales_order_event WHERE order_id = o.id AND state = 'paid')
    AND EXISTS (SELECT FROM invoice WHERE order_id = o.id)),
    (SELECT count(DISTINCT order_id) FROM sales_order_event WHERE state = 'paid')
"""
# What a buyer has paid for, and the shop keeps the money of.
KEPT = (State.PAID, State.PACKED, State.SHIPPED, State.DELIVERED)


CRASHES = st.sampled_from([False, False, True])
PAID, DECLINED = PaymentState.PAID, PaymentState.DECLINED


def change(session: Session, number: str, to: State) -> None:
    """As steps.take does, in a unit of work that may crash."""
    order = service.locked_order(session, number)
    if to is State.REFUNDED:
        payments.promise_refund(session, order, "machine", None)
    else:
        service.change_state(session, order, to, actor="machine")


def test_the_books_balance_whatever_happens(  # noqa: C901  # the machine is one class on these fixtures
    app: Flask,
    add_book: AddBook,
    place: PlaceOrder,
    owner: psycopg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Shop(RuleBasedStateMachine):
        """What the world should look like is kept beside the shop: owned copies, and the state of each order."""

        @initialize(copies=st.lists(st.integers(2, 12), min_size=2, max_size=3))
        def open(self, copies: list[int]) -> None:
            owner.execute(
                "TRUNCATE book, cart, sales_order, idempotency_key, outbox_message, invoice_counter, webhook_event"
                " RESTART IDENTITY CASCADE"
            )
            self.isbns = [add_book(stock=count)["isbn13"] for count in copies]
            self.owned = dict(enumerate(copies, 1))
            self.orders: dict[str, tuple[State, dict[int, int]]] = {}
            self.events = 0
            self.provider = MemoryProvider()
            monkeypatch.setitem(app.extensions, "payments", self.provider)

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

        def asking(self, do: Callable[[], object], *, crash: bool) -> bool:
            """Whether something that asks the provider ended well; with a crash its answer to a change is lost."""
            self.provider.loses = crash
            try:
                with app.app_context():
                    do()
            except Crashed:
                return False
            finally:
                self.provider.loses = False
                self.learn()
            return True

        def learn(self) -> None:
            """A payment may have made an order paid, and nothing else has changed."""
            paid = {number for number, _, state, _ in self.payments() if state == PaymentState.PAID}
            for number, state in owner.execute("SELECT number, state FROM sales_order").fetchall():
                before, lines = self.orders[number]
                if state != before:
                    assert (before, state) == (State.PENDING_PAYMENT, State.PAID)
                    assert number in paid
                    self.orders[number] = (State.PAID, lines)

        @rule(which=st.integers(0, 20), decision=st.sampled_from([None, PAID, PAID, DECLINED]), crash=CRASHES)
        def pay(self, which: int, decision: PaymentState | None, *, crash: bool) -> None:
            """Go to the provider's page, and decide there at once or later; the shop has yet to hear of it."""
            pending = sorted(number for number, (state, _) in self.orders.items() if state is State.PENDING_PAYMENT)
            if not pending:
                return
            number = pending[which % len(pending)]
            try:
                if self.asking(lambda: payments.start(number, "https://shop.example/back"), crash=crash) and decision:
                    self.decide(0, decision)
            except Conflict:
                assert self.orders[number][0] is State.PAID

        @rule(which=st.integers(0, 20), state=st.sampled_from([PAID, DECLINED]))
        def decide(self, which: int, state: PaymentState) -> None:
            known = [one for *_, one in self.payments() if self.provider.payments[one].state is PaymentState.OPEN]
            if known:
                self.provider.decide(known[-1 - which % len(known)], state)

        @rule(which=st.integers(0, 20), outdated=st.booleans(), crash=CRASHES)
        def webhook(self, which: int, *, outdated: bool, crash: bool) -> None:
            known = [one for *_, one in self.payments()]
            if not known:
                return
            status = self.provider.payments[known[which % len(known)]]
            if outdated:
                status = replace(status, state=PaymentState.OPEN)
            self.events += 1
            event = Event(f"event-{self.events}", status)
            for crashes in (crash, False, False):
                # Sent again until it is taken, and once more.
                self.work(lambda session: settling.receive(session, event), crash=crashes)
            self.learn()

        @rule(which=st.integers(0, 20), crash=CRASHES)
        def refund(self, which: int, *, crash: bool) -> None:
            kept = sorted(number for number, (state, _) in self.orders.items() if state in KEPT)
            if not kept:
                return
            number = kept[which % len(kept)]
            before, lines = self.orders[number]
            # The promise is kept whatever happens afterwards.
            self.orders[number] = (State.REFUNDED, lines)
            self.asking(lambda: payments.refund(number, "machine", None), crash=crash)
            if before in (State.SHIPPED, State.DELIVERED):
                for book, count in lines.items():
                    self.owned[book] -= count

        @rule(crash=CRASHES)
        def reconcile(self, *, crash: bool) -> None:
            owner.execute("UPDATE payment SET updated_at = now() - interval '1 hour'")
            self.asking(lambda: [finding for finding in reconciling.reconcile() if finding.failed], crash=crash)

        def teardown(self) -> None:
            """In the end all that is known anywhere is known everywhere, and nobody's money is lost."""
            if not hasattr(self, "provider"):
                return
            for _ in range(2):
                self.reconcile(crash=False)
            settled = [self.provider.payments[one].state for *_, one in self.payments()]
            assert [state for _, _, state, _ in self.payments()] == settled
            self.balances()

        def payments(self) -> list[tuple[str, str, str, str]]:
            return [(row[0], row[1], row[2], row[3]) for row in owner.execute(PAYMENTS).fetchall()]

        @invariant()
        def money_is_where_it_belongs(self) -> None:
            paid = []
            for number, order, payment, provider_id in self.payments():
                there = self.provider.payments[provider_id].state
                if payment == PaymentState.PAID:
                    assert order in KEPT
                    assert there is PaymentState.PAID
                    paid.append(number)
                elif payment == PaymentState.REFUND_PENDING:
                    assert there in (PaymentState.PAID, PaymentState.REFUNDED)
                elif payment == PaymentState.REFUNDED:
                    assert there is PaymentState.REFUNDED
            assert len(paid) == len(set(paid))

        @invariant()
        def invoices_have_no_gap(self) -> None:
            row = owner.execute(INVOICES).fetchone()
            assert row
            numbers, invoiced, ever_paid = row
            assert (numbers or []) == list(range(1, ever_paid + 1))
            assert invoiced == ever_paid

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

    # A failure is told as it was found: to shrink it would take longer than the whole test run.
    quick = settings(
        max_examples=60,
        stateful_step_count=30,
        phases=[Phase.generate],
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Shop, settings=quick)
