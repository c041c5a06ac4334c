"""Forms of pages: what was typed, read by a pydantic model, and what is wrong with it in words for people."""

from collections.abc import Mapping
from typing import TypeVar
from urllib.parse import urlsplit

from flask import request
from pydantic import BaseModel, ValidationError

from bookstore.i18n.messages import gettext, gettext_noop

Model = TypeVar("Model", bound=BaseModel)

SENTENCES = {
    "missing": gettext_noop("Please fill this in."),
    "string_too_short": gettext_noop("Please fill this in."),
    "string_too_long": gettext_noop("This is too long."),
    "enum": gettext_noop("Choose one of these."),
}
BY_FIELD = {
    "email": gettext_noop("Write an address such as reader@example.org."),
    "country": gettext_noop("Choose a country."),
    "rating": gettext_noop("Choose one of the five."),
    "username": "Use 2 to 32 small letters, digits, dots, dashes and underscores, a letter first.",
}
# What types.py finds in the forms of customers; those of staff are in English.
TEXTS = (
    gettext_noop("It must not hold a NUL character."),
    gettext_noop("It must not hold a lone surrogate."),
    gettext_noop("It must be one line without control characters."),
)


def given(*names: str) -> dict[str, str]:
    """What was typed into these fields."""
    return {name: request.form.get(name, "") for name in names}


def mistakes(model: type[Model], values: Mapping[str, str]) -> tuple[Model | None, dict[str, str]]:
    """What the model makes of the filled-in fields, or None and a sentence for each wrong one."""
    filled = {name: value for name, value in values.items() if value.strip()}
    try:
        return model.model_validate(filled), {}
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        return None, {str(item["loc"][0]): sentence(str(item["loc"][0]), item["type"], item["msg"]) for item in found}


def sentence(field: str, kind: str, message: str) -> str:
    """What is wrong with a field in words for people, of what pydantic says."""
    if kind in ("missing", "string_too_short"):
        return gettext(SENTENCES[kind])
    return gettext(BY_FIELD.get(field) or SENTENCES.get(kind) or f"It {message.removeprefix('Value error, ')}.")


def local_path(text: str, otherwise: str) -> str:
    """The text where it is an address within this shop, else the other one: nobody is sent elsewhere after log-in."""
    parts = urlsplit(text)
    # A browser reads a backslash as a slash, and skips control characters: //elsewhere in other clothes.
    plain = text.startswith("/") and not text.startswith("//") and not parts.netloc and text.isprintable()
    return text if plain and "\\" not in text else otherwise
