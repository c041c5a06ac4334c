"""Books for the catalogue's tests."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

AddBook = Callable[..., dict[str, Any]]
Titles = Callable[..., list[str]]


@pytest.fixture
def noise(add_book: AddBook) -> list[dict[str, Any]]:
    """Books that no test is about, so that a forgotten condition shows."""
    return [
        add_book(
            title="Zzz Noise", authors=["Nobody Noise"], language="tlh", publication_year=1, price_cents=1, stock=0
        ),
        add_book(title="Zzz Unpublished Noise", authors=["Nobody Hidden"], active=False),
    ]


@pytest.fixture
def titles(client: FlaskClient) -> Titles:
    """A function that gives the titles of one page of the list, in order."""

    def listed(**query: Any) -> list[str]:
        response = client.get("/api/v1/books", query_string=query)
        assert response.status_code == 200, response.json
        assert response.json
        return [item["title"] for item in response.json["items"]]

    return listed
