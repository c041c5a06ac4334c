"""The pictures of the documents: `make pictures` makes them anew in docs/images."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.skipif("BOOKSTORE_PICTURES" not in os.environ, reason="make pictures makes them")
PICTURES = {
    "home": ("/", 1280, "Bookstore"),
    "book": ("/books/9780439023481", 1280, "The Hunger Games"),
    "search": ("/books?q=tolkien", 390, "Results for “tolkien”"),
}


@pytest.mark.parametrize("name", PICTURES)
def test_picture(open_page: Callable[..., Page], name: str) -> None:
    path, width, shows = PICTURES[name]
    page = open_page(path, width)
    assert shows in page.inner_text("body")
    assert "went wrong" not in page.inner_text("body")
    page.screenshot(path=Path(os.environ["BOOKSTORE_PICTURES"]) / f"{name}.png", scale="css")
