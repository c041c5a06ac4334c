"""What people type into a browser is in no line of any log, with everything logged."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.app.payments.market import PAID, Market, market
from tests.app.test_logging import check
from tests.browser.staff import PASSWORD, enrol, invite
from tests.databases import Databases

GUEST = {
    "E-mail": "gesine.gast@example.org",
    "Name": "Gesine Gast",
    "Street and number": "77 Quietwood Lane",
    "Postal code": "99501",
    "City": "Anchorpoint",
}
CUSTOMER = GUEST | {"E-mail": "karl.kunde@example.org", "Name": "Karl Kunde", "Street and number": "5 Elsewhere Row"}
STAFF_EMAIL, SEARCHED = "stella.staff@example.org", "embarrassing illness"


@pytest.fixture(scope="module")
def shop(databases: Databases, worker_id: str) -> Iterator[Market]:
    """A shop that logs all that it can."""
    with market(databases, f"privacy_{worker_id}") as open_:
        yield open_


@pytest.fixture
def page(browser: Browser, shop: Market) -> Iterator[Page]:
    with browser.new_context(base_url=shop.shop.url) as context:
        yield context.new_page()


def buy(page: Page, shop: Market, buyer: dict[str, str]) -> None:
    """From a search to the thanks."""
    isbn = shop.order().isbn
    page.goto(f"/books?q={SEARCHED}")
    page.goto(f"/books/{isbn}")
    page.get_by_role("button", name="Put into the cart").click()
    page.get_by_role("link", name="Check out").click()
    for label, value in buyer.items():
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_label("Country").select_option("US")
    page.get_by_role("button", name="See what it costs").click()
    page.get_by_role("button", name=re.compile("^Order and pay")).click()
    page.get_by_label("Card number").fill(PAID)
    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you!")


def path_of_last_mail(shop: Market) -> str:
    row = shop.database.execute("SELECT body FROM outbox_message ORDER BY id DESC LIMIT 1").fetchone()
    found = re.search(r"https?://[^/]+(/\S+)", row[0] if row else "")
    assert found
    return found[1]


def test_no_log_tells_who_bought_what(page: Page, shop: Market) -> None:
    buy(page, shop, GUEST)

    page.goto("/account/sign-up")
    page.get_by_label("E-mail").fill(CUSTOMER["E-mail"])
    page.get_by_role("button", name="Send me the link").click()
    link = path_of_last_mail(shop)
    page.goto(link)
    page.get_by_label("Your name").fill(CUSTOMER["Name"])
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Make the account").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Hello, {CUSTOMER['Name']}")
    buy(page, shop, CUSTOMER)
    page.goto("/account")
    page.get_by_role("button", name="Log out").click()
    page.goto("/account/login")
    page.get_by_label("E-mail").fill(CUSTOMER["E-mail"])
    page.get_by_label("Password").fill("wrong " + PASSWORD)
    page.get_by_role("button", name="Log in").click()

    invitation = invite(shop.environment, "stella", email=STAFF_EMAIL, role="admin")
    secret = enrol(page, invitation)
    page.goto(f"/staff/orders?q={GUEST['E-mail']}")

    # The shop has it all, so that it could have been told.
    kept = shop.database.execute("SELECT string_agg(sales_order::text, ' ') FROM sales_order").fetchone()
    assert kept
    assert all(value in kept[0] for value in (*GUEST.values(), CUSTOMER["E-mail"]))
    lines = shop.shop.lines()
    check(lines)
    routes = {line.get("route") for line in lines}
    assert {"/orders", "/orders/<token>", "/account/login"} <= routes
    written = shop.shop.output.read_text() + shop.provider.output.read_text()
    private = {*GUEST.values(), *CUSTOMER.values(), STAFF_EMAIL, SEARCHED, PASSWORD, secret, link, invitation}
    parts = {part for value in private for part in (value, value.replace(" ", "+"), value.replace(" ", "%20"))}
    assert [part for part in parts if part in written] == []
