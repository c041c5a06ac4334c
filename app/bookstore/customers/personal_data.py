"""All that the shop keeps of a customer: to be taken along (GDPR, article 20), and to be erased (article 17).

A feature that stores something of customers adds its statement to EXPORTS, and to ERASURES what removes it.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import UpdateBase

from bookstore.catalogue import changes
from bookstore.customers.models import Customer, CustomerAddress
from bookstore.customers.service import claim_orders
from bookstore.db import ReadSession
from bookstore.errors import Conflict
from bookstore.i18n import gettext
from bookstore.identity.models import AccountSession
from bookstore.identity.sessions import Kind
from bookstore.notices.models import StockNotice
from bookstore.orders.models import Invoice, SalesOrder, SalesOrderEvent, SalesOrderLine
from bookstore.orders.states import ON_THE_SHELF
from bookstore.outbox.models import OutboxMessage
from bookstore.outbox.service import enqueue
from bookstore.reviews.models import Review

ERASED = "erased"
ERASED_EMAIL = "erased@erased.invalid"
# Not the bodies: a link in one of them may still open something.
UNTOLD_OF_MAILS = ("id", "deduplication_key", "body", "attempts", "next_attempt_at", "last_error")


def _all_but(model: Any, *names: str) -> list[Any]:
    return [column for column in model.__table__.columns if column.name not in names]


def _of_orders(customer_id: int) -> Select[Any]:
    return select(SalesOrder.id).where(SalesOrder.customer_id == customer_id)


def _email(customer_id: int) -> Any:
    return select(func.lower(Customer.email)).where(Customer.id == customer_id).scalar_subquery()


def _mails(customer_id: int) -> Any:
    return func.lower(OutboxMessage.recipient) == _email(customer_id)


def _notices(customer_id: int) -> Any:
    return func.lower(StockNotice.email) == _email(customer_id)


EXPORTS: dict[str, Callable[[int], Select[Any]]] = {
    "account": lambda one: select(*_all_but(Customer, "password_hash")).where(Customer.id == one),
    "addresses": lambda one: select(*_all_but(CustomerAddress, "customer_id")).where(
        CustomerAddress.customer_id == one
    ),
    "sessions": lambda one: select(*_all_but(AccountSession, "sha256", "kind", "subject_id")).where(
        AccountSession.kind == Kind.CUSTOMER, AccountSession.subject_id == one
    ),
    "orders": lambda one: select(*_all_but(SalesOrder, "customer_id")).where(SalesOrder.customer_id == one),
    "order_lines": lambda one: select(*_all_but(SalesOrderLine)).where(SalesOrderLine.order_id.in_(_of_orders(one))),
    "order_history": lambda one: select(*_all_but(SalesOrderEvent, "actor")).where(
        SalesOrderEvent.order_id.in_(_of_orders(one))
    ),
    "invoices": lambda one: select(*_all_but(Invoice)).where(Invoice.order_id.in_(_of_orders(one))),
    "reviews": lambda one: select(*_all_but(Review, "customer_id")).where(Review.customer_id == one),
    "stock_notices": lambda one: select(*_all_but(StockNotice)).where(_notices(one)),
    "mails": lambda one: select(*_all_but(OutboxMessage, *UNTOLD_OF_MAILS)).where(_mails(one)),
}
# In this order; orders stay for the books, without what tells whose they were.
ERASURES: list[Callable[[int], UpdateBase]] = [
    lambda one: delete(OutboxMessage).where(_mails(one)),
    lambda one: delete(StockNotice).where(_notices(one)),
    lambda one: delete(Review).where(Review.customer_id == one),
    lambda one: (
        update(SalesOrder)
        .where(SalesOrder.customer_id == one)
        .values(
            customer_id=None,
            email=ERASED_EMAIL,
            name=ERASED,
            street=ERASED,
            street2=None,
            gift_note=None,
        )
    ),
    lambda one: delete(AccountSession).where(AccountSession.kind == Kind.CUSTOMER, AccountSession.subject_id == one),
    lambda one: delete(CustomerAddress).where(CustomerAddress.customer_id == one),
    lambda one: delete(Customer).where(Customer.id == one),
]


def export(session: ReadSession, customer_id: int) -> dict[str, list[dict[str, Any]]]:
    """Everything that is stored of a customer, by what it is."""
    return {
        name: [dict(row._mapping) for row in session.execute(statement(customer_id))]  # noqa: SLF001  # public in all but name
        for name, statement in EXPORTS.items()
    }


def erase(session: Session, customer_id: int) -> None:
    """Erase a customer for good; raises Conflict while an order still needs the address."""
    found = select(Customer.email, Customer.language).where(Customer.id == customer_id).with_for_update()
    email, language = session.execute(found).one()
    claim_orders(session, customer_id, email)
    open_orders = _of_orders(customer_id).where(SalesOrder.state.in_(ON_THE_SHELF))
    if session.scalars(open_orders.with_for_update()).all():
        raise Conflict(
            gettext("An order of yours is not sent yet, and needs your address: wait for it, or call it off first.")
        )
    # The reviews go with the customer.
    changes.books(session, session.scalars(select(Review.book_id).where(Review.customer_id == customer_id)))
    for statement in ERASURES:
        session.execute(statement(customer_id), execution_options={"synchronize_session": False})
    enqueue(session, f"account_erased:{customer_id}", email, "account_erased", language)
