"""Every text is collected, and translated into every language."""

import re
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from bookstore.i18n import LANGUAGES
from bookstore.i18n.language import ENGLISH
from bookstore.i18n.messages import MESSAGES
from dev.messages import collected

PLACES = re.compile(r"%\(\w+\)s")
TAGS = re.compile(r"</?[a-z][^>]*>")


def _forms(text: Any) -> tuple[str, ...]:
    """One, or what Babel gives of the singular and the plurals."""
    return (text,) if isinstance(text, str) else tuple(text or ("",))


@pytest.fixture(scope="module")
def template() -> Catalog:
    return collected()


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {ENGLISH}))
def test_catalogue_is_whole_and_current(template: Catalog, language: str) -> None:
    """Run `make messages`, and translate what is new."""
    with (MESSAGES / f"{language}.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    wanted = {(message.id, message.context) for message in template if message.id}
    known = {(message.id, message.context) for message in catalogue if message.id}
    assert known == wanted
    assert not catalogue.obsolete
    for message in (message for message in catalogue if message.id):
        forms = _forms(message.string)
        assert all(forms), message.id
        assert len(forms) == (catalogue.num_plurals if message.pluralizable else 1), message.id
        assert not message.fuzzy, message.id
        # The plural, where there is one, has what every form can use.
        original = _forms(message.id)[-1]
        for form in forms:
            assert set(PLACES.findall(form)) <= set(PLACES.findall(original)), message.id
            assert sorted(TAGS.findall(form)) == sorted(TAGS.findall(original)), message.id
            assert "%" not in PLACES.sub("", form), message.id
        assert set(PLACES.findall(forms[-1])) == set(PLACES.findall(original)), message.id
