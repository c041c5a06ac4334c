"""What the tests of languages share with others."""

from tests.app.customers.conftest import signed_up

__all__ = ["signed_up"]
