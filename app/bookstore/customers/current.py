"""The customer who asks. All under /account is closed to others, but for the few pages in OPEN."""

from typing import Any

from flask import g
from sqlalchemy import Row, literal, select

from bookstore.customers.models import Customer
from bookstore.db import reading
from bookstore.identity import sessions
from bookstore.identity.pages import is_closed, send_to_log_in
from bookstore.identity.sessions import Kind

OPEN = frozenset(
    f"customer_entrance.{name}"
    for name in (
        "login_form", "log_in", "sign_up_form", "sign_up", "confirm_form", "confirm",
        "forgotten_form", "forgotten", "reset_form", "reset",
    )
)  # fmt: skip


def current_customer() -> Row[Any] | None:
    """The customer who has logged in (id, email, name, session), None for anyone else.

    Ask before a unit of work, not within it. Without a cookie nothing is asked of the database.
    """
    if "customer" not in g:
        g.customer = _find()
    found: Row[Any] | None = g.customer
    return found


def _find() -> Row[Any] | None:
    with reading() as session:
        kept = sessions.current(Kind.CUSTOMER)
        if kept is None:
            return None
        columns = (Customer.id, Customer.email, Customer.name, literal(kept.sha256).label("session"))
        return session.execute(select(*columns).where(Customer.id == kept.subject_id)).one_or_none()


def require_customer() -> Row[Any]:
    """The customer who has logged in; anyone else is sent to log in, and comes back afterwards."""
    customer = current_customer()
    if customer is None:
        send_to_log_in("/account")
    return customer


def close_by_default() -> None:
    """Before each request: nobody but a customer passes, unless the page is open."""
    if is_closed("/account", OPEN):
        require_customer()
