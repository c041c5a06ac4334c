"""The links in notices' e-mails: signed, so that nobody asks for, or ends, what is another's."""

from itsdangerous import BadSignature, URLSafeSerializer, URLSafeTimedSerializer

from bookstore.errors import NotFound
from bookstore.i18n import gettext
from bookstore.keys import signing_keys

CONFIRMING_SECONDS = 2 * 86_400


def confirmation(isbn13: str, email: str) -> str:
    """The token for someone who is to confirm the wish for a notice."""
    return str(URLSafeTimedSerializer(signing_keys(), salt="notice-confirmation").dumps([isbn13, email]))


def confirmed(token: str) -> tuple[str, str]:
    """The book's ISBN-13 and the address; raises NotFound for what was not signed here, or two days ago."""
    try:
        serializer = URLSafeTimedSerializer(signing_keys(), salt="notice-confirmation")
        isbn13, email = serializer.loads(token, max_age=CONFIRMING_SECONDS)
    except BadSignature:
        raise NotFound(gettext("This link has expired, or is not whole: ask again on the book's page.")) from None
    return isbn13, email


def stop(email: str) -> str:
    """The token that ends all notices to an address; it never expires."""
    return str(URLSafeSerializer(signing_keys(), salt="notice-stop").dumps(email))


def stopping(token: str) -> str:
    """The address; raises NotFound for what was not signed here."""
    try:
        return str(URLSafeSerializer(signing_keys(), salt="notice-stop").loads(token))
    except BadSignature:
        raise NotFound(gettext("This link is not whole: follow the one in the e-mail.")) from None
