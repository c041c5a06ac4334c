"""Every page, narrow and wide, light and dark: accessible, quiet, self-contained, within its window, valid."""

import gzip
from collections.abc import Iterator
from itertools import pairwise

import html5lib
import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.browser.accessible import check

PAGES = (
    "/",
    "/books",
    "/books?q=king&language=en&in_stock=1",
    "/books?year_from=abc&price_to=3,x&author=nobody&sort=price",
    "/books?q=zzzzz+qqqqq",
    "/books?q=tolkein",
    "/books/9780439023481",
    "/books/9789770919408",
    "/books?cursor=forged",
    "/authors",
    "/authors?from=k",
    "/authors/haruki-murakami",
    "/nowhere",
    "/de/nowhere",
    "/de/books?year_from=abc&price_to=3.x&author=nobody&sort=price",
    "/api/docs",
)


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context() as context:
        yield context


@pytest.mark.parametrize("path", PAGES)
def test_page(context: BrowserContext, live_server: str, path: str) -> None:
    said: list[str] = []
    asked: list[str] = []
    page = context.new_page()
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    response = page.goto(live_server + path)
    assert response is not None
    # The browser itself notes that an error's page has an error's status.
    assert [text for text in said if response.ok or str(response.status) not in text] == []
    assert [url for url in asked if not url.startswith(live_server)] == []
    check(page)
    page.close()


@pytest.mark.parametrize("path", PAGES)
def test_html_is_valid_and_complete(live_server: str, path: str) -> None:
    document = httpx.get(live_server + path, follow_redirects=True).text
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(document)
    levels = [int(element.tag[1]) for element in tree.iter() if element.tag in ("h1", "h2", "h3", "h4")]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))
    identifiers = [element.get("id") for element in tree.iter() if element.get("id")]
    assert len(identifiers) == len(set(identifiers))
    assert [element.tag for element in tree.iter() if element.get("style") or element.tag in ("script", "style")] == []
    targets = [element.get("href", "") for element in tree.iter("a")]
    assert [target for target in targets if target.startswith("#") and target[1:] not in identifiers] == []


@pytest.mark.parametrize("path", [path for path in PAGES if path != "/api/docs"])
def test_page_is_light(live_server: str, path: str) -> None:
    """What a slow line carries to buyers; the style sheet is cached for a year."""
    body = httpx.get(live_server + path, follow_redirects=True).content
    assert len(gzip.compress(body)) < 14_000
