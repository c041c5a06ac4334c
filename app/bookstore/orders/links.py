"""The buyer's link to an order: whoever has it may see the order, and nobody can make one up."""

from itsdangerous import BadSignature, URLSafeSerializer

from bookstore.errors import NotFound
from bookstore.i18n import gettext, public_address
from bookstore.keys import signing_keys


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(signing_keys(), salt="order")


def order_token(number: str) -> str:
    """The signed text that stands for an order in /orders/<token>."""
    return str(_serializer().dumps(number))


def address(number: str, language: str) -> str:
    """The whole address of the order's page, for e-mails in a language."""
    return public_address(language, f"/orders/{order_token(number)}")


def number_of(token: str) -> str:
    """The order's number; raises NotFound for what was not signed here."""
    try:
        return str(_serializer().loads(token))
    except BadSignature:
        raise NotFound(
            gettext("This is not the address of an order: follow the link in the e-mail of the order.")
        ) from None
