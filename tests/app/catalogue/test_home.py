"""The home page of a shop that has no books yet."""

import pytest
from flask.testing import FlaskClient


@pytest.mark.parametrize(
    ("path", "empty"), [("/", "The shelves are still empty."), ("/de/", "Die Regale sind noch leer.")]
)
def test_an_empty_shop_promises_no_books(client: FlaskClient, path: str, empty: str) -> None:
    page = client.get(path).text
    assert empty in page
    assert "0 languages" not in page
    assert "0 Sprachen" not in page
