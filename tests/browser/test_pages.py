"""Every page, narrow and wide, light and dark: accessible, quiet, self-contained, within its window, valid."""

import gzip
import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import html5lib
import httpx
import pytest
from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from playwright.sync_api import Browser, BrowserContext

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
    "/api/docs",
)
# axe leaves out the rule of WCAG 2.2, unless it is asked for.
EVERY_RULE: dict[str, Any] = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
# What the colour scheme and the window can change; the other rules look at the document alone.
BY_LOOKS: dict[str, Any] = {
    "resultTypes": ["violations"],
    "runOnly": ["color-contrast", "target-size", "scrollable-region-focusable", "link-in-text-block"],
}
OUTSIDE = """() => [...document.querySelectorAll("body *")].filter(
    (one) => !one.closest("svg, .hidden, .skip") && one.getBoundingClientRect().right > innerWidth + 1
).map((one) => one.outerHTML.slice(0, 80))"""
SPACED = """() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: 0.12em !important;
        word-spacing: 0.16em !important } p { margin-block-end: 2em !important }`);
    document.adoptedStyleSheets = [sheet];
}"""
# Shelves end long titles with an ellipsis, with or without more space.
CUT_OFF = """() => [...document.querySelectorAll("main *, .top *, .foot *")].filter((one) =>
    !one.closest("svg, .hidden, select, textarea") && getComputedStyle(one).overflowY === "hidden"
    && getComputedStyle(one).webkitLineClamp === "none" && one.scrollHeight > one.clientHeight + 1
).map((one) => one.outerHTML.slice(0, 80))"""


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
    page.evaluate(AXE_SCRIPT)
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            rules = EVERY_RULE if (width, scheme) == (1280, "light") else BY_LOOKS
            found = AxeResults(page.evaluate(f"axe.run({json.dumps(rules)})"))
            assert found.violations_count == 0, f"{width} {scheme} {found.generate_report()}"
        assert page.evaluate(OUTSIDE) == []
    page.set_viewport_size({"width": 320, "height": 900})
    assert page.evaluate(OUTSIDE) == []
    # Text at twice its size, in a window as wide as before.
    page.set_viewport_size({"width": 640, "height": 900})
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate(OUTSIDE) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    # Text with more space (WCAG 1.4.12), as a reader's own style sheet gives it.
    page.set_viewport_size({"width": 390, "height": 900})
    page.evaluate("document.documentElement.style.fontSize = ''")
    page.evaluate(SPACED)
    assert page.evaluate(OUTSIDE) == []
    assert page.evaluate(CUT_OFF) == []
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
