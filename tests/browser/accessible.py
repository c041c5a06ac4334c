"""What every page is held to, in any state: WCAG 2.2 AA, as far as a browser can tell (docs/accessibility.md)."""

import json
from typing import Any, Literal

from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from playwright.sync_api import Page

# axe leaves out the rule of WCAG 2.2, unless it is asked for.
EVERY_RULE: dict[str, Any] = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
# What the colour scheme and the window can change; the other rules look at the document alone.
BY_LOOKS: dict[str, Any] = {
    "resultTypes": ["violations"],
    "runOnly": ["color-contrast", "target-size", "scrollable-region-focusable", "link-in-text-block"],
}
# No colour depends on the width, and no size on the colours.
LOOKS: tuple[tuple[int, Literal["light", "dark"], dict[str, Any]], ...] = (
    (1280, "light", EVERY_RULE),
    (390, "dark", BY_LOOKS),
)
# A wide table scrolls within its own frame.
OUTSIDE = """() => [...document.querySelectorAll("body *")].filter((one) =>
    !one.closest("svg, .scroll *, .hidden, .skip") && one.getBoundingClientRect().right > innerWidth + 1
).map((one) => one.outerHTML.slice(0, 80))"""
SCROLLS_ASIDE = "document.documentElement.scrollWidth > innerWidth"
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
# Where the ring of the focus cannot be seen, or something lies above what has it.
LOST = """() => [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")]
.filter((one) => {
    if (one.disabled || !one.checkVisibility({visibilityProperty: true}) || one.type === "hidden") return false;
    one.focus();
    if (document.activeElement !== one) return true;
    const box = one.getClientRects()[0], style = getComputedStyle(one);
    // Of what is taller than the window, the part that was scrolled to.
    const [top, bottom] = [Math.max(box.top, 0), Math.min(box.bottom, innerHeight)];
    const seen = document.elementFromPoint(box.x + box.width / 2, (top + bottom) / 2);
    return !one.contains(seen) || style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2;
}).map((one) => one.outerHTML.slice(0, 80))"""


def check(page: Page) -> None:
    """Hold a page to it: narrow and wide, light and dark, with larger text and more space, by keyboard."""
    size = page.viewport_size
    page.evaluate(AXE_SCRIPT)
    for width, scheme, rules in LOOKS:
        resize(page, width)
        page.emulate_media(color_scheme=scheme)
        found = AxeResults(page.evaluate(f"axe.run({json.dumps(rules)})"))
        assert found.violations_count == 0, f"{page.url} {width} {scheme} {found.generate_report()}"
        fits(page, f"at {width} pixels")
    page.emulate_media(color_scheme="light")
    page.keyboard.press("Tab")
    lost = page.evaluate(LOST)
    assert lost == [], f"{page.url}: the focus is lost, {lost}"
    resize(page, 320)
    fits(page, "at 320 pixels")
    resize(page, 640)
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    fits(page, "with text at twice its size")
    page.evaluate("document.documentElement.style.fontSize = ''")
    resize(page, 390)
    page.evaluate(SPACED)
    fits(page, "with more space")
    assert page.evaluate(CUT_OFF) == [], f"{page.url} is cut off with more space"
    page.evaluate("document.adoptedStyleSheets = []")
    if size:
        page.set_viewport_size(size)


def resize(page: Page, width: int) -> None:
    """Make the window as wide."""
    page.set_viewport_size({"width": width, "height": 900})


def fits(page: Page, how: str) -> None:
    """Nothing leaves the window, and it does not scroll aside (WCAG 1.4.4, 1.4.10, 1.4.12)."""
    outside = page.evaluate(OUTSIDE)
    assert outside == [], f"{page.url} {how}: {outside}"
    assert not page.evaluate(SCROLLS_ASIDE), f"{page.url} {how}"
