"""Paying, in a real browser: to the provider's page on another origin and back, under the Content-Security-Policy."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect

from tests.app.payments.market import DECLINED, PAID, Market, market
from tests.databases import Databases


@pytest.fixture(scope="module")
def till(databases: Databases, worker_id: str) -> Iterator[Market]:
    """A shop with a provider."""
    with market(databases, f"paying_{worker_id}") as open_:
        yield open_


@pytest.fixture
def page(browser: Browser, till: Market) -> Iterator[Page]:
    """The page of an order that waits for its payment, on a telephone."""
    with browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=True) as context:
        opened = context.new_page()
        opened.goto(f"{till.shop.url}/orders/{till.order().token}")
        yield opened


def pay(page: Page, card: str) -> None:
    page.get_by_role("button", name="Pay").click()
    page.get_by_label("Card number").fill(card)
    page.get_by_role("button", name="Pay").click()


def test_buyer_goes_to_the_provider_and_comes_back(page: Page, till: Market) -> None:
    pay(page, PAID)
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you!")
    assert page.url.startswith(till.shop.url)


def test_declined_card_can_be_changed_for_another(page: Page) -> None:
    pay(page, DECLINED)
    expect(page.get_by_role("button", name="Pay")).to_be_visible()
    pay(page, PAID)
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you!")


def test_without_the_providers_origin_the_browser_would_refuse(page: Page, till: Market) -> None:
    """So that the tests above can fail."""

    def narrow(route: Route) -> None:
        answer = route.fetch()
        policy = answer.headers["content-security-policy"].replace(till.provider.url, "")
        route.fulfill(response=answer, headers=answer.headers | {"content-security-policy": policy})

    page.route("**/orders/*", narrow)
    page.reload()
    with page.expect_console_message(lambda message: "form-action" in message.text):
        page.get_by_role("button", name="Pay").click()
    assert page.url.startswith(till.shop.url)


def test_providers_page_is_accessible(page: Page) -> None:
    page.get_by_role("button", name="Pay").click()
    page.get_by_label("Card number").fill("1")
    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_text("The sandbox takes only the numbers below.")).to_be_visible()
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
