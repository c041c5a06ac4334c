"""Words in the language that is spoken, from the catalogues of GNU gettext."""

import gettext as gnu
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from jinja2 import Environment

from bookstore.i18n.language import ENGLISH, current

MESSAGES = Path(__file__).parent / "messages"


@cache
def _catalogue(language: str) -> gnu.NullTranslations:
    """Read when it is first needed, and as the translators wrote it: no compiled file can be missing, or older."""
    if language == ENGLISH:
        return gnu.NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = BytesIO()
    with (MESSAGES / f"{language}.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return gnu.GNUTranslations(compiled)


def gettext(message: str, /, **values: Any) -> str:
    """The message in the language that is spoken, with values in the places that `%(name)s` holds."""
    text = _catalogue(current()).gettext(message)
    return text % values if values else text


def ngettext(singular: str, plural: str, number: int, /, **values: Any) -> str:
    """The message for so many, which is the value `num`, too."""
    return _ngettext(singular, plural, number) % {"num": number, **values}


def _ngettext(singular: str, plural: str, number: int, /) -> str:
    return _catalogue(current()).ngettext(singular, plural, number)


def pgettext(context: str, message: str, /) -> str:
    """The message, told apart from others that are the same word in English."""
    return _catalogue(current()).pgettext(context, message)


def gettext_noop(message: str) -> str:
    """The message as it is, to be collected here and translated where it is shown."""
    return message


def install(templates: Environment) -> None:
    """Give templates gettext (as `_`), ngettext and pgettext, which escape values, and the filter `translated`."""
    templates.add_extension("jinja2.ext.i18n")
    templates.install_gettext_callables(gettext, _ngettext, newstyle=True, pgettext=pgettext)  # type: ignore[attr-defined]
    templates.filters["translated"] = translated


def translated(message: str | None) -> str:
    """What gettext_noop has marked, in the language that is spoken; any other text as it is."""
    return gettext(message) if message else ""
