"""What the shop has signed outlives the key: SECRET_KEY_FALLBACKS (docs/how-to/rotate-secrets.md)."""

from collections.abc import Iterator
from contextlib import contextmanager

import pyotp
import pytest
from flask import Flask, session
from pydantic import SecretStr, ValidationError

from bookstore import pagination
from bookstore.app import create_app
from bookstore.cart import current
from bookstore.config import Settings
from bookstore.customers import links as customers
from bookstore.db import db
from bookstore.errors import BadRequest, NotFound
from bookstore.identity import totp
from bookstore.notices import links as notices
from bookstore.orders import links as orders

OLD, NEW = "the-old-key-" * 4, "the-new-key-" * 4


@contextmanager
def shop(settings: Settings, key: str, *fallbacks: str) -> Iterator[Flask]:
    """A shop with these keys; it never connects."""
    given = {"secret_key": SecretStr(key), "secret_key_fallbacks": SecretStr(", ".join(fallbacks))}
    app = create_app(settings.model_copy(update=given))
    with app.app_context():
        yield app
        db.engine.dispose()


@pytest.mark.parametrize("keys", [(NEW, OLD), (OLD, NEW)], ids=["rotated", "before it is rotated"])
def test_all_that_another_key_has_signed_still_counts(settings: Settings, keys: tuple[str, str]) -> None:
    key, other = keys
    seed = totp.new_seed()
    with shop(settings, other) as app:
        code = pyotp.TOTP(totp.typed_secret(seed).replace(" ", "")).now()
        order, cursor = orders.order_token("N"), pagination.encode("title", "a", 1)
        confirmation, stop = customers.confirmation("a@example.org"), notices.stop("a@example.org")
        with app.test_request_context():
            session["mark"] = "is read"
            answer = app.response_class()
            current.remember_cart(answer, "a-cart")
            app.session_interface.save_session(app, session._get_current_object(), answer)  # type: ignore[attr-defined]
        cookies = [header.partition(";")[0] for header in answer.headers.getlist("Set-Cookie")]
    with shop(settings, key, other) as app:
        assert orders.number_of(order) == "N"
        assert pagination.decode(cursor, "title") == ("a", 1)
        assert customers.confirmed(confirmation) == notices.stopping(stop) == "a@example.org"
        assert totp.step_of(seed, code) is not None
        with app.test_request_context(headers={"Cookie": "; ".join(cookies)}):
            assert current.current_cart() == "a-cart"
            assert session["mark"] == "is read"


def test_what_is_new_is_signed_with_the_key_alone(settings: Settings) -> None:
    with shop(settings, NEW, OLD):
        order, cursor = orders.order_token("N"), pagination.encode("title", "a", 1)
    with shop(settings, NEW):
        assert orders.number_of(order) == "N"
        assert pagination.decode(cursor, "title") == ("a", 1)
    with shop(settings, OLD):
        with pytest.raises(NotFound):
            orders.number_of(order)
        with pytest.raises(BadRequest):
            pagination.decode(cursor, "title")


def test_each_is_as_long_as_the_key(settings: Settings) -> None:
    given = settings.model_dump() | {"secret_key_fallbacks": SecretStr(f"{OLD},short")}
    with pytest.raises(ValidationError, match="at least 32 characters"):
        Settings.model_validate(given)
