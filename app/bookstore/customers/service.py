"""How customers get an account, log in, and change their password.

No answer tells whether an address has an account: only a mail to it does. Hashing happens between the units of work,
and a guess is counted and committed before it is looked at.
"""

import secrets
from typing import Any

import structlog
from sqlalchemy import Row, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bookstore.customers import links
from bookstore.customers.models import Customer
from bookstore.db import reading, unit_of_work
from bookstore.errors import NotFound
from bookstore.i18n import current, gettext, public_address
from bookstore.identity import limits, passwords, sessions
from bookstore.identity.sessions import Kind
from bookstore.orders.models import SalesOrder
from bookstore.outbox.service import enqueue

TRIES_PER_ADDRESS, TRIES_SECONDS = 60, 900
MAILS_PER_ADDRESS, MAILS_PER_RECIPIENT, MAILS_SECONDS = 10, 3, 3600
log = structlog.get_logger(__name__)


def count(bucket: str | None = None) -> None:
    """Count a try by this client, and a guess at the secret of the bucket; raises TooManyRequests."""
    with unit_of_work() as session:
        limits.hit(session, f"customer:{limits.client_network()}", TRIES_PER_ADDRESS, TRIES_SECONDS)
        if bucket:
            limits.guess(session, bucket)


def mail_sign_up(email: str) -> None:
    """Mail a link that confirms the address; where it has an account, a mail that says so."""
    with unit_of_work() as session:
        _limit_mails(session, email)
        known = _by_email(session, email)
        template = "account_exists" if known else "account_confirm"
        page = "login" if known else f"confirm/{links.confirmation(email)}"
        _mail(session, known.email if known else email, template, page, known.language if known else current())


def sign_up(email: str, name: str, password: str, language: str) -> str | None:
    """Make the account of a confirmed address, which is written to in the language.

    Gives a session's token, None where there is an account already.
    """
    made = passwords.hashed(password)
    with unit_of_work() as session:
        new = (
            insert(Customer)
            .values(email=email, name=name, password_hash=made, language=language)
            .on_conflict_do_nothing()
        )
        customer_id = session.scalar(new.returning(Customer.id))
        if customer_id is None:
            return None
        claim_orders(session, customer_id, email)
        return sessions.start(session, Kind.CUSTOMER, customer_id)


def log_in(email: str, password: str, language: str) -> str | None:
    """A session's token; None where address or password is wrong. From then on e-mails are in the language."""
    count(password_bucket(email))
    with reading() as session:
        customer = _by_email(session, email)
    if not passwords.matches(customer.password_hash if customer else None, password) or customer is None:
        log.info("customer_log_in_refused")
        return None
    kept = customer.password_hash
    renewed = passwords.hashed(password) if passwords.is_outdated(kept) else kept
    with unit_of_work() as session:
        if not _replace_password(session, customer.id, kept, renewed):
            return None
        session.execute(update(Customer).where(Customer.id == customer.id).values(language=language))
        limits.forget(session, password_bucket(email))
        claim_orders(session, customer.id, customer.email)
        return sessions.start(session, Kind.CUSTOMER, customer.id)


def mail_reset(email: str) -> None:
    """Mail a link for another password, if there is such an account; if not, a mail that says so."""
    with unit_of_work() as session:
        _limit_mails(session, email)
        known = _by_email(session, email)
        template = "account_reset" if known else "account_unknown"
        page = f"reset/{links.reset(known.id, known.password_hash)}" if known else "sign-up"
        _mail(session, known.email if known else email, template, page, known.language if known else current())


def resetting(token: str) -> Row[Any]:
    """The customer of a reset's link; raises NotFound once it is used or over."""
    customer_id, mark = links.resetting(token)
    with reading() as session:
        row = session.execute(_select().where(Customer.id == customer_id)).one_or_none()
    if row is None or not links.is_of(mark, row.password_hash):
        raise NotFound(gettext(links.NO_SUCH_LINK))
    return row


def set_password(customer: Row[Any], password: str) -> str:
    """Set another password, end every session, say so by mail; gives a new session's token.

    Raises NotFound where the password was changed meanwhile, so that of two with one link the first wins.
    """
    made = passwords.hashed(password)
    with unit_of_work() as session:
        if not _replace_password(session, customer.id, customer.password_hash, made):
            raise NotFound(gettext(links.NO_SUCH_LINK))
        limits.forget(session, password_bucket(customer.email))
        sessions.end_all(session, Kind.CUSTOMER, customer.id)
        _mail(session, customer.email, "account_password_changed", "forgotten", customer.language)
        return sessions.start(session, Kind.CUSTOMER, customer.id)


def checked(customer_id: int, password: str) -> Row[Any] | None:
    """The customer, if this is the password; None if not. Raises TooManyRequests."""
    bucket = f"customer-own:{customer_id}"
    count(bucket)
    with reading() as session:
        row = session.execute(_select().where(Customer.id == customer_id)).one_or_none()
    if not passwords.matches(row.password_hash if row else None, password):
        return None
    with unit_of_work() as session:
        limits.forget(session, bucket)
    return row


def change_password(customer_id: int, present: str, new: str) -> str | None:
    """A new session's token, all others having ended; None where the present password is wrong."""
    customer = checked(customer_id, present)
    return set_password(customer, new) if customer else None


def claim_orders(session: Session, customer_id: int, email: str) -> None:
    """Put what was ordered with this confirmed address, without logging in, into the customer's history."""
    mine = (SalesOrder.customer_id.is_(None), func.lower(SalesOrder.email) == email.lower())
    claim = update(SalesOrder).where(*mine).values(customer_id=customer_id, updated_at=SalesOrder.updated_at)
    session.execute(claim, execution_options={"synchronize_session": False})


def password_bucket(email: str) -> str:
    """What guesses at a password are counted under, whether the address has an account or not."""
    return f"customer-password:{email.strip().lower()}"


def _limit_mails(session: Session, email: str) -> None:
    limits.hit(session, f"customer-mail:{limits.client_network()}", MAILS_PER_ADDRESS, MAILS_SECONDS)
    limits.hit(session, f"customer-mail:{email.lower()}", MAILS_PER_RECIPIENT, MAILS_SECONDS)


def _mail(session: Session, recipient: str, template: str, page: str, language: str) -> None:
    link = public_address(language, f"/account/{page}")
    enqueue(session, f"{template}:{secrets.token_hex(16)}", recipient, template, language, link=link)


def _select() -> Any:
    return select(Customer.id, Customer.email, Customer.name, Customer.language, Customer.password_hash)


def _by_email(session: Any, email: str) -> Any:
    return session.execute(_select().where(func.lower(Customer.email) == email.strip().lower())).one_or_none()


def _replace_password(session: Session, customer_id: int, present: str, new: str) -> bool:
    """Whether it still was the present one."""
    same = (Customer.id == customer_id, Customer.password_hash == present)
    changed = update(Customer).where(*same).values(password_hash=new).returning(Customer.id)
    return session.scalar(changed) is not None
