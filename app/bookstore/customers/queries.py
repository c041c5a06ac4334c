"""Every read of customers and of what they bought, as statements that give plain rows."""

from typing import Any

from sqlalchemy import Row, func, select

from bookstore import pagination
from bookstore.customers.models import Customer
from bookstore.customers.schemas import CustomerQuery
from bookstore.db import ReadSession
from bookstore.orders.models import SalesOrder
from bookstore.pagination import Page

COLUMNS: tuple[Any, ...] = (Customer.id, Customer.email, Customer.name, Customer.created_at)
ORDER: tuple[Any, ...] = (
    SalesOrder.id, SalesOrder.number, SalesOrder.state, SalesOrder.currency, SalesOrder.total_cents,
    SalesOrder.created_at,
)  # fmt: skip
NEWEST = "newest_customers"
NEWEST_ORDERS = "newest_of_customer"
ORDERS_PER_PAGE = 20


def customer(session: ReadSession, customer_id: int) -> Row[Any] | None:
    """One customer."""
    return session.execute(select(*COLUMNS).where(Customer.id == customer_id)).one_or_none()


def customers(session: ReadSession, query: CustomerQuery) -> Page:
    """One page of customers, the newest first; raises BadRequest for a forged cursor."""
    statement = select(*COLUMNS)
    if query.email:
        statement = statement.where(func.lower(Customer.email) == query.email.lower())
    return pagination.by_id(session, statement, Customer.id, NEWEST, query.limit, query.cursor)


def orders(session: ReadSession, customer_id: int, cursor: str | None) -> Page:
    """One page of what a customer ordered, the newest first; raises BadRequest for a forged cursor."""
    mine = select(*ORDER).where(SalesOrder.customer_id == customer_id)
    return pagination.by_id(session, mine, SalesOrder.id, NEWEST_ORDERS, ORDERS_PER_PAGE, cursor)


def has_order(session: ReadSession, customer_id: int, number: str) -> bool:
    """Whether an order is this customer's."""
    mine = (SalesOrder.number == number, SalesOrder.customer_id == customer_id)
    return session.scalar(select(SalesOrder.id).where(*mine)) is not None
