"""What a reader does: tab, search, filter, sort, page on; all of it without JavaScript."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from bookstore.openapi import all_errors

OpenPage = Callable[..., Page]


def test_skip_link_and_tab_order(open_page: OpenPage) -> None:
    page = open_page("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    expect(page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.reload()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("hobbit")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Results for “hobbit”")


def test_targets_are_large_enough(open_page: OpenPage) -> None:
    """WCAG 2.5.8: 24 by 24 pixels; links inside sentences are exempt."""
    small = """() => [...document.querySelectorAll("a, button, select, input, summary")].filter((one) => {
        const box = one.getBoundingClientRect();
        const exempt = one.matches(".skip, .lead a, [type=hidden], dd a") || getComputedStyle(one).display === "none";
        return !exempt && box.width && (box.width < 24 || box.height < 24);
    }).map((one) => one.outerHTML)"""
    for path in ("/", "/books?q=king", "/books/9780439023481", "/authors", "/nowhere"):
        assert open_page(path, 390).evaluate(small) == [], path


@pytest.mark.parametrize("width", [390, 1280])
def test_filters_without_javascript(open_page: OpenPage, width: int) -> None:
    page = open_page("/books?q=king", width, java_script_enabled=False)
    if width == 390:
        expect(page.get_by_label("Language")).to_be_hidden()
        page.get_by_text("Filters").first.click()
    page.get_by_label("Language").select_option("English")
    page.get_by_role("group", name="Price").get_by_label("To").fill("$15")
    page.get_by_role("group", name="Year").get_by_label("From").fill("1950")
    page.get_by_label("In stock only").check()
    page.get_by_role("button", name="Show books").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Results for “king”")
    active = page.get_by_role("list", name="What you asked for")
    for label in ("“king”", "In English", "From 1950", "Up to $15.00", "In stock"):
        expect(active.get_by_role("link", name=label, exact=False).first).to_be_visible()
    prices = [float(text.removeprefix("$")) for text in page.locator(".found .sum b").all_inner_texts()]
    assert prices
    assert max(prices) <= 15
    active.get_by_role("link", name="In English").click()
    expect(page).not_to_have_url(re.compile("language"))
    assert "price_to=%2415" in page.url


def test_sorting_without_javascript(open_page: OpenPage) -> None:
    page = open_page("/books?in_stock=1", java_script_enabled=False)
    page.get_by_label("Sort by").select_option("Price, low to high")
    page.get_by_role("button", name="Sort").click()
    expect(page).to_have_url(re.compile("sort=price"))
    prices = [float(text.removeprefix("$")) for text in page.locator(".found .sum b").all_inner_texts()]
    assert prices == sorted(prices)
    first = page.locator(".found .shelf a").first.get_attribute("href")
    page.get_by_role("link", name="Next page").click()
    expect(page.get_by_role("link", name="Back to the first page")).to_be_visible()
    following = [float(text.removeprefix("$")) for text in page.locator(".found .sum b").all_inner_texts()]
    assert following[0] >= prices[-1]
    page.get_by_role("link", name="Back to the first page").click()
    expect(page.locator(".found .shelf a").first).to_have_attribute("href", first or "")


def test_mistakes_are_explained_and_kept(open_page: OpenPage) -> None:
    page = open_page("/books?price_from=cheap&year_from=2000&year_to=1900&language=en")
    expect(page.get_by_role("alert")).to_have_count(1)
    price = page.get_by_role("group", name="Price").get_by_label("From")
    expect(price).to_have_value("cheap")
    expect(price).to_have_accessible_description("Write an amount such as 12.50.")
    year = page.get_by_role("group", name="Year").get_by_label("To")
    expect(year).to_have_value("1900")
    expect(year).to_have_accessible_description("This is before the first year.")
    expect(page.get_by_role("heading", level=1)).to_have_text("Books in English")
    assert page.locator(".found .shelf li").count() == 24


def test_did_you_mean(open_page: OpenPage) -> None:
    page = open_page("/books?q=tolkein")
    page.get_by_text("Did you mean").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("tolkien", re.IGNORECASE))
    assert page.locator(".found .shelf li").count() > 0


def test_from_the_front_page_to_a_book_and_its_author(open_page: OpenPage) -> None:
    page = open_page("/")
    page.locator("main .shelf a").first.click()
    title = page.get_by_role("heading", level=1).inner_text()
    assert title in page.title()
    expect(page.locator("[itemprop=price]")).to_be_visible()
    author = page.locator(".authors a").first
    name = author.inner_text()
    author.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def test_titles_say_their_language_and_direction(open_page: OpenPage) -> None:
    page = open_page("/books/9789770919408")
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_attribute("lang", "ar")
    assert heading.evaluate("(one) => getComputedStyle(one).direction") == "rtl"


def test_every_problem_has_its_paragraph(open_page: OpenPage) -> None:
    page = open_page("/api/docs")
    for error in all_errors():
        expect(page.locator(f"[id='{error.type_uri().split('#')[1]}']")).to_have_text(error.title)
