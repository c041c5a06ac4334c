"""How many orders one client may place: each keeps books from others until it is paid or expires."""

from flask import current_app
from sqlalchemy.orm import Session

from bookstore.identity import limits

WINDOW_SECONDS = 3600


def count(session: Session) -> None:
    """Count an order that has just been placed, in its unit of work: one that is undone does not count.

    Raises TooManyRequests beyond ORDERS_PER_HOUR. Last in the unit of work, so that others of the client wait shortly.
    """
    if most := current_app.config["SETTINGS"].orders_per_hour:
        limits.hit(session, f"order:{limits.client_network()}", most, WINDOW_SECONDS)
