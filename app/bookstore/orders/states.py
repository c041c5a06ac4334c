"""The life of an order, as data."""

from collections.abc import Mapping
from enum import StrEnum

from bookstore.i18n.messages import gettext_noop


class State(StrEnum):
    """Where an order is."""

    PENDING_PAYMENT = "pending_payment"
    PAID = "paid"
    PACKED = "packed"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.PENDING_PAYMENT: frozenset({State.PAID, State.CANCELLED}),
    State.PAID: frozenset({State.PACKED, State.REFUNDED}),
    State.PACKED: frozenset({State.SHIPPED, State.REFUNDED}),
    State.SHIPPED: frozenset({State.DELIVERED, State.REFUNDED}),
    State.DELIVERED: frozenset({State.REFUNDED}),
    State.CANCELLED: frozenset(),
    State.REFUNDED: frozenset(),
}
# While an order is in one of these its books are in the house: leaving the order, they go back on the shelf.
ON_THE_SHELF = frozenset({State.PENDING_PAYMENT, State.PAID, State.PACKED})
# What a buyer is told by mail.
ANNOUNCED = frozenset({State.PAID, State.SHIPPED, State.CANCELLED, State.REFUNDED})
LABELS: Mapping[State, str] = {
    State.PENDING_PAYMENT: gettext_noop("Waiting for payment"),
    State.PAID: gettext_noop("Paid"),
    State.PACKED: gettext_noop("Packed"),
    State.SHIPPED: gettext_noop("Shipped"),
    State.DELIVERED: gettext_noop("Delivered"),
    State.CANCELLED: gettext_noop("Cancelled"),
    State.REFUNDED: gettext_noop("Refunded"),
}
