""" "Did you mean"."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.app.catalogue.conftest import AddBook, Titles


@pytest.mark.usefixtures("shelf")
class TestSuggest:
    @pytest.mark.parametrize(
        ("asked", "meant"),
        [
            ("rowilng", "rowling"),  # two letters in the wrong order
            ("rowlng", "rowling"),  # a letter missing
            ("owling", "rowling"),  # the first one missing
            ("rowwling", "rowling"),  # a letter doubled
            ("rowlings2", "rowlings2"),  # none is near
            ("rowlibg", "rowling"),  # a wrong letter
            ("zowling", "rowling"),  # the first one wrong
            ("rowlinng", "rowling"),
            ("bronet", "bronte"),
            ("Brontä", "bronte"),
            ("HARRY POTER", "harry potter"),
            ("hary poter", "harry potter"),
            ('"hary potter" rowling', '"harry potter" rowling'),
            ("potter -hobbitt or rowlin", "potter -hobbitt or rowling"),
            ("толсой", "толстои"),
        ],
    )
    def test_corrects_a_slip(self, client: FlaskClient, titles: Titles, asked: str, meant: str) -> None:
        suggestion = did_you_mean(client, q=asked)
        assert suggestion == (None if asked == meant or titles(q=asked) else meant)
        if suggestion:
            assert titles(q=suggestion)

    @pytest.mark.parametrize(
        "asked", ["xylophone", "zz", "!!!", "9780141439587", "rowling hobbit", "a", "x" * 200, "a b " * 50, "_" * 40]
    )
    def test_is_silent_where_nothing_is_near(self, client: FlaskClient, asked: str) -> None:
        assert did_you_mean(client, q=asked) is None

    def test_is_silent_where_something_is_found(self, client: FlaskClient) -> None:
        assert did_you_mean(client, q="rowling") is None
        assert did_you_mean(client) is None

    def test_never_suggests_what_finds_nothing(self, client: FlaskClient) -> None:
        # Both words are known, but no book has both; and one is of a book that is not on sale.
        assert did_you_mean(client, q="rowlin hobbot") is None
        assert did_you_mean(client, q="unpublishd") is None

    def test_finds_something_under_the_same_filters(self, client: FlaskClient, titles: Titles) -> None:
        assert did_you_mean(client, q="rowlng", language="fr") is None
        assert did_you_mean(client, q="rowlng", language="en") == "rowling"
        assert titles(q="rowling", language="en")

    def test_stands_on_the_page(self, client: FlaskClient) -> None:
        assert "rowling" in client.get("/books?q=rowlng").text

    @pytest.mark.parametrize(
        "asked", ["one two three four five six seven", "harry " * 30, "\\ ' % _ {} \"", "(((", "]]"]
    )
    def test_takes_any_text(self, client: FlaskClient, asked: str) -> None:
        did_you_mean(client, q=asked)


def did_you_mean(client: FlaskClient, **query: Any) -> str | None:
    response = client.get("/api/v1/books", query_string=query)
    assert response.status_code == 200, response.json
    assert response.json
    suggestion: str | None = response.json["did_you_mean"]
    return suggestion


@pytest.fixture
def shelf(add_book: AddBook) -> None:
    add_book(title="Harry Potter and the Chamber of Secrets", authors=["J.K. Rowling"], language="en")
    add_book(title="The Hobbit", authors=["J.R.R. Tolkien"], language="en")
    add_book(title="Jane Eyre", authors=["Charlotte Brontë"])
    add_book(title="Война и мир", authors=["Лев Толстой"], language="ru")
    add_book(title="Unpublished", active=False)
