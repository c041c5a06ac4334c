"""The links in e-mails that confirm an address or let someone choose another password: signed, and soon over."""

import hashlib
from typing import Any

from itsdangerous import BadSignature, URLSafeTimedSerializer

from bookstore.errors import NotFound
from bookstore.i18n import gettext, gettext_noop
from bookstore.keys import signing_keys

CONFIRMING_SECONDS = 86_400
RESETTING_SECONDS = 3_600
NO_SUCH_LINK = gettext_noop("This link has been used, or it has expired: ask for a new one.")


def _serializer(purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(signing_keys(), salt=purpose)


def _read(purpose: str, token: str, lasts_seconds: int) -> Any:
    try:
        return _serializer(purpose).loads(token, max_age=lasts_seconds)
    except BadSignature:
        raise NotFound(gettext(NO_SUCH_LINK)) from None


def confirmation(email: str) -> str:
    """The token for someone who is to confirm an address."""
    return str(_serializer("customer-confirmation").dumps(email))


def confirmed(token: str) -> str:
    """The address that whoever has this token can read mail of; raises NotFound."""
    return str(_read("customer-confirmation", token, CONFIRMING_SECONDS))


def reset(customer_id: int, password_hash: str) -> str:
    """The token for a new password. It holds a mark of the present one, and so works once."""
    return str(_serializer("customer-reset").dumps([customer_id, _mark(password_hash)]))


def resetting(token: str) -> tuple[int, str]:
    """The customer's id, and the mark of the password at that time; raises NotFound."""
    customer_id, mark = _read("customer-reset", token, RESETTING_SECONDS)
    return customer_id, mark


def is_of(mark: str, password_hash: str) -> bool:
    """Whether a mark is that of this password."""
    return mark == _mark(password_hash)


def _mark(password_hash: str) -> str:
    return hashlib.sha256(password_hash.encode()).hexdigest()[:32]
