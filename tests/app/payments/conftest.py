"""Fixtures of the payments' tests."""

from collections.abc import Iterator

import pytest

from tests.app.payments.market import Market, market
from tests.databases import Databases


@pytest.fixture(scope="module")
def till(databases: Databases, worker_id: str) -> Iterator[Market]:
    """A shop with a provider; each test makes orders of its own."""
    with market(databases, f"till_{worker_id}") as open_:
        yield open_
