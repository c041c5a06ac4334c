"""Every text is collected, and translated into every language."""

import re
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

import bookstore
from bookstore.i18n import LANGUAGES
from bookstore.i18n.language import ENGLISH
from bookstore.i18n.messages import MESSAGES
from dev.messages import collected

PLACES = re.compile(r"%\(\w+\)s")
TAGS = re.compile(r"</?[a-z][^>]*>")
TEMPLATES = Path(bookstore.__file__).parent / "templates"
# In English alone, or parts of what is.
ENGLISH_ONLY = {"staff", "payments", "api_docs.html", "_schema.html"}
CODE = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}|<!?[a-z/][^>]*>|&\w+;", re.DOTALL | re.IGNORECASE)
READ_ALOUD = re.compile(r'(?:alt|aria-label|placeholder|title)="([^"]*)"')
# The name of a number, and of an attribute that a macro gives.
NO_WORDS = {"ISBN", "lang"}


def _forms(text: Any) -> tuple[str, ...]:
    """One, or what Babel gives of the singular and the plurals."""
    return (text,) if isinstance(text, str) else tuple(text or ("",))


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(TEMPLATES.rglob("*.*")) if path.relative_to(TEMPLATES).parts[0] not in ENGLISH_ONLY],
    ids=lambda path: path.name,
)
def test_template_has_no_words_of_its_own(path: Path) -> None:
    """Of pages and e-mails, whichever state they show."""
    text = path.read_text()
    words = " ".join([CODE.sub(" ", text), *(CODE.sub(" ", said) for said in READ_ALOUD.findall(text))])
    assert set(re.findall(r"[^\W\d_]{2,}", words)) <= NO_WORDS


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
