"""A customer's addresses. Every function takes the session of one unit of work or of reading, and none commits."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.orm import Session

from bookstore.customers.models import Customer, CustomerAddress
from bookstore.db import ReadSession
from bookstore.errors import Conflict, NotFound
from bookstore.i18n import gettext, gettext_noop
from bookstore.orders.schemas import Address

MOST = 20
NO_SUCH_ADDRESS = gettext_noop("You have no such address.")
COLUMNS = tuple(CustomerAddress.__table__.columns)


def list_all(session: ReadSession | Session, customer_id: int) -> Sequence[Row[Any]]:
    """All, the preferred one first."""
    mine = select(*COLUMNS).where(CustomerAddress.customer_id == customer_id)
    return session.execute(mine.order_by(CustomerAddress.preferred.desc(), CustomerAddress.id)).all()


def preferred(session: ReadSession | Session, customer_id: int) -> Row[Any] | None:
    """What fills in the checkout, None where there is none."""
    return next(iter(list_all(session, customer_id)), None)


def read(session: ReadSession | Session, customer_id: int, address_id: int) -> Row[Any]:
    """One of the customer's; raises NotFound for any other."""
    mine = (CustomerAddress.id == address_id, CustomerAddress.customer_id == customer_id)
    row = session.execute(select(*COLUMNS).where(*mine)).one_or_none()
    if row is None:
        raise NotFound(gettext(NO_SUCH_ADDRESS))
    return row


def add(session: Session, customer_id: int, address: Address) -> None:
    """Add one, the first as the preferred; raises Conflict where there are enough."""
    # Locked, so that two at once count each other.
    session.execute(select(Customer.id).where(Customer.id == customer_id).with_for_update())
    count = session.scalar(select(func.count()).where(CustomerAddress.customer_id == customer_id)) or 0
    if count >= MOST:
        raise Conflict(gettext("You have %(most)s addresses: remove one first.", most=MOST))
    session.add(CustomerAddress(customer_id=customer_id, preferred=not count, **address.model_dump()))
    session.flush()


def change(session: Session, customer_id: int, address_id: int, address: Address) -> None:
    """Write one anew; raises NotFound."""
    read(session, customer_id, address_id)
    session.execute(update(CustomerAddress).where(CustomerAddress.id == address_id).values(**address.model_dump()))


def prefer(session: Session, customer_id: int, address_id: int) -> None:
    """Have one fill in the checkout; raises NotFound."""
    session.execute(select(Customer.id).where(Customer.id == customer_id).with_for_update())
    read(session, customer_id, address_id)
    mine = update(CustomerAddress).where(CustomerAddress.customer_id == customer_id)
    session.execute(mine.where(CustomerAddress.preferred).values(preferred=False))
    session.execute(mine.where(CustomerAddress.id == address_id).values(preferred=True))


def remove(session: Session, customer_id: int, address_id: int) -> None:
    """Remove one; raises NotFound."""
    read(session, customer_id, address_id)
    session.execute(delete(CustomerAddress).where(CustomerAddress.id == address_id))
