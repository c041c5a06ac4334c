"""What the staff's forms and lists share."""

from collections.abc import Mapping
from urllib.parse import urlencode

from bookstore.catalogue import isbn
from bookstore.errors import NotFound
from bookstore.identity.forms import SENTENCES, Model, mistakes

CURRENCY = r"[A-Z]{3}"


def read(
    model: type[Model], typed: Mapping[str, str], advice: Mapping[str, str]
) -> tuple[Model | None, dict[str, str]]:
    """As identity.forms.mistakes, in the words of `advice` where a field is filled in wrongly."""
    wanted, errors = mistakes(model, typed)
    missing = SENTENCES["missing"]
    return wanted, {name: text if text == missing else advice.get(name, text) for name, text in errors.items()}


def address(path: str, **parameters: str | None) -> str:
    """A path with those parameters that have a value."""
    given = {name: value for name, value in parameters.items() if value}
    return f"{path}?{urlencode(given)}" if given else path


def isbn_of(text: str) -> str:
    """The ISBN-13 in an address; raises NotFound."""
    try:
        return isbn.normalise(text)
    except isbn.InvalidISBN:
        raise NotFound("This is not the number of a book: check the address.") from None
