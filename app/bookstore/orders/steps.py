"""The steps that staff and tokens take with orders, each with its line of the audit log."""

from bookstore import audit
from bookstore.db import unit_of_work
from bookstore.errors import Conflict
from bookstore.orders import service
from bookstore.orders.schemas import TransitionIn
from bookstore.orders.states import LABELS, State
from bookstore.payments import service as payments


def take(number: str, wanted: TransitionIn, actor: str) -> None:
    """Change an order's state, in a unit of work of its own; `refunded` gives the money back, too.

    Raises NotFound, and Conflict for an order that is not in the state `before`, or cannot become the one wanted.
    """
    owed: list[str] = []
    with unit_of_work() as session:
        order = service.locked_order(session, number)
        now = State(order.state)
        if wanted.before not in (None, now):
            raise Conflict(f"Somebody else was faster: this order is {LABELS[now].lower()} now. Nothing was changed.")
        action, target = f"order.{wanted.state}", f"order:{number}"
        audit.record(session, action, target, by=actor, before=now, reason=wanted.reason)
        if wanted.state is State.REFUNDED:
            owed = payments.promise_refund(session, order, actor, wanted.reason)
        else:
            service.change_state(session, order, wanted.state, actor=actor, reason=wanted.reason)
    # The provider is asked while no transaction is open.
    payments.pay_refunds(owed)
