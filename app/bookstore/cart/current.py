"""The cart of the browser that asks: its id in a signed cookie."""

from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.wrappers import Response

from bookstore import security
from bookstore.cart.service import LIFETIME
from bookstore.keys import signing_keys

COOKIE = "cart"


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(signing_keys(), salt="cart")


def current_cart() -> str | None:
    """The id of the browser's cart, which may have expired; None where it has none, or one that was not given here."""
    try:
        return str(_serializer().loads(security.get_cookie(COOKIE) or ""))
    except BadSignature:
        return None


def remember_cart(response: Response, cart_id: str) -> None:
    """Have the browser bring this cart's id with what it asks next."""
    signed = _serializer().dumps(cart_id)
    security.set_cookie(response, COOKIE, str(signed), int(LIFETIME.total_seconds()))
