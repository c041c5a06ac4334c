"""The customer who asks. All under /account is closed to others, but for the few pages in OPEN."""

from typing import Any
from urllib.parse import urlencode

from flask import abort, g, redirect, request
from sqlalchemy import Row, literal, select

from bookstore.customers.models import Customer
from bookstore.db import reading
from bookstore.identity import sessions
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
        # A form cannot be sent again after the log-in, so only a page is gone back to.
        wanted = request.full_path.rstrip("?") if request.method == "GET" else "/account"
        abort(redirect(f"/account/login?{urlencode({'next': wanted})}", 303))
    return customer


def close_by_default() -> None:
    """Before each request: nobody but a customer passes, unless the page is open."""
    is_account = request.path == "/account" or request.path.startswith("/account/")
    if is_account and request.endpoint is not None and request.endpoint not in OPEN:
        require_customer()
