"""Accounts in a browser: a customer's from sign-up to deletion, and a member's first log-in."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.accessible import check
from tests.browser.staff import PASSWORD, invite
from tests.databases import Databases
from tests.servers import serve


@dataclass(frozen=True)
class Shop:
    """A shop of this module's own."""

    url: str
    environment: dict[str, str]

    def path_of_last_mail(self) -> str:
        """Where the link of the last mail leads."""
        with psycopg.connect(self.environment["DATABASE_URL"]) as connection:
            row = connection.execute("SELECT body FROM outbox_message ORDER BY id DESC LIMIT 1").fetchone()
        found = re.search(r"https?://[^/]+(/\S+)", row[0] if row else "")
        assert found
        return found[1]


@pytest.fixture(scope="module")
def shop(databases: Databases, worker_id: str) -> Iterator[Shop]:
    with databases.temporary(f"accounts_{worker_id}") as name:
        environment = databases.environment(name)
        with serve(environment) as server:
            yield Shop(server.url, environment)


@pytest.fixture
def page(browser: Browser, shop: Shop) -> Iterator[Page]:
    """A page at 390 pixels. The shop's policy allows no script, so that none is needed."""
    with browser.new_context(base_url=shop.url, viewport={"width": 390, "height": 900}) as context:
        yield context.new_page()


def test_a_customer_from_sign_up_to_deletion(page: Page, shop: Shop) -> None:
    page.goto("/")
    page.get_by_role("link", name="Account").click()
    page.get_by_role("link", name="Make an account").click()
    page.get_by_label("E-mail").fill("jane@example.org")
    page.get_by_role("button", name="Send me the link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look at your mail")
    check(page)
    page.goto(shop.path_of_last_mail())
    page.get_by_label("Your name").fill("Jane Doe")
    page.get_by_label("Password").fill("passwordpassword")
    page.get_by_role("button", name="Make the account").click()
    expect(page.get_by_label("Password")).to_have_accessible_description(re.compile("easy to guess"))
    expect(page.get_by_label("Your name")).to_have_value("Jane Doe")
    check(page)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Make the account").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Hello, Jane Doe")
    page.get_by_role("button", name="Log out").click()
    page.goto("/account/addresses")
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")
    page.get_by_label("E-mail").fill("jane@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Addresses")
    page.get_by_role("link", name="Add an address").click()
    page.get_by_label("Street and number").fill("1 Main Street")
    page.get_by_label("Postal code").fill("12345")
    page.get_by_label("City").fill("Springfield")
    page.get_by_label("Country").select_option(index=1)
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_text("1 Main Street").first).to_be_visible()
    page.get_by_role("navigation", name="Your account").get_by_role("link", name="Your data").click()
    export = page.request.get(page.get_by_role("link", name="Download it").get_attribute("href") or "")
    assert export.ok, export.text()
    assert export.json()["addresses"][0]["street"] == "1 Main Street"
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Delete my account").click()
    expect(page).to_have_url(f"{shop.url}/")
    page.goto("/account")
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")


def test_a_member_of_the_staff_for_the_first_time(page: Page, shop: Shop) -> None:
    page.goto(invite(shop.environment, "ann", email="ann@s.example", role="admin"))
    check(page)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    check(page)
    secret = page.locator("main code").inner_text().replace(" ", "")
    page.get_by_label("Code of your authenticator").fill("000000")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("This code is wrong")
    page.get_by_label("Code of your authenticator").fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="Log in").click()
    expect(page.locator(".codes li")).to_have_count(10)
    check(page)
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    for name in ("People", "Audit log", "You"):
        page.get_by_role("navigation", name="Staff").get_by_role("link", name=name).click()
    page.get_by_role("button", name="Log out", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Staff log-in")
