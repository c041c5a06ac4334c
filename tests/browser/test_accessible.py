"""What holds pages to WCAG can fail: each barrier that a style sheet can build is found."""

import re

import pytest
from playwright.sync_api import Browser

from tests.browser.accessible import check
from tests.conftest import ROOT

BARRIERS = {
    "color-contrast": ".lead { color: #999 !important }",
    "target-size": ".foot nav { display: block } .foot nav a { display: block; block-size: 9px; min-block-size: 0 }",
    "at 390 pixels": "main { inline-size: 400px }",
    "at 320 pixels": "main { min-inline-size: 350px }",
    "with text at twice its size": "@media (width > 500px) { .lead { inline-size: 22rem } }",
    "with more space": "@media (width: 390px) { .lead { font: 16px monospace; white-space: nowrap } }",
    "is cut off": ".lead { block-size: 1.3em; overflow: hidden }",
    "the focus is lost": ":focus-visible { outline: none !important }",
    "focus is lost": ".top { position: relative } .top::before { content: ''; position: absolute; inset: 0 }",
}


@pytest.mark.parametrize("what", BARRIERS)
def test_a_barrier_is_found(browser: Browser, live_server: str, what: str) -> None:
    with browser.new_context(bypass_csp=True) as context:
        page = context.new_page()
        page.goto(f"{live_server}/nowhere")
        page.add_style_tag(content=BARRIERS[what])
        with pytest.raises(AssertionError, match=what):
            check(page)


def luminance(colour: str) -> float:
    """Of #rgb or #rrggbb, as WCAG defines it."""
    digits = colour.removeprefix("#")
    whole = digits if len(digits) == 6 else "".join(digit * 2 for digit in digits)
    parts = [int(whole[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_edges_and_the_ring_of_focus_stand_out(scheme: str) -> None:
    """WCAG 1.4.11, of the tokens that the style sheet begins with."""
    light, dark = re.findall(r":root \{(.+?)\}", (ROOT / "app/bookstore/static/shop.css").read_text(), re.DOTALL)[:2]
    tokens = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6});", light + (dark if scheme == "dark" else "")))
    for mark, ground in (
        ("edge", "paper"),
        ("edge", "raised"),
        ("warn", "raised"),
        ("star", "paper"),
        ("star", "raised"),
        ("stripe", "awning"),
    ):
        high, low = sorted((luminance(tokens[mark]), luminance(tokens[ground])), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 3, f"{mark} on {ground}"
