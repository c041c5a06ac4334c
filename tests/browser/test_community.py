"""In a browser: a buyer's review and invoice, and a reader who waits for a book."""

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.accessible import check
from tests.browser.staff import PASSWORD
from tests.browser.test_accounts import Shop
from tests.databases import Databases, bookstore
from tests.servers import serve

EMAIL = "jane@example.org"
IN_STOCK, SOLD_OUT = "9780141439587", "9780141439686"
ADDRESS = {
    "name": "Jane Doe",
    "street": "1 Main Street",
    "city": "Springfield",
    "postal_code": "12345",
    "country": "US",
}
BOOK = {"authors": ["Jane Austen"], "language": "en", "price_cents": 1299, "currency": "USD"}
WORDS = "I read it in one night, and then once more.\n\nألف ليلة وليلة is longer, though."


@pytest.fixture(scope="module")
def shop(databases: Databases, worker_id: str) -> Iterator[Shop]:
    with databases.temporary(f"community_{worker_id}") as name:
        seller = {"SHOP_LEGAL_NAME": "Bookstore Ltd", "SHOP_ADDRESS": "2 High Street, Springfield, 12345"}
        environment = databases.environment(name, **seller)
        with serve(environment) as server:
            yield Shop(server.url, environment)


@pytest.fixture(scope="module")
def api(shop: Shop) -> Iterator[httpx.Client]:
    """The API, for one who may do everything."""
    scopes = [word for scope in ("catalogue", "orders", "reviews") for word in ("--scope", scope)]
    token = bookstore("token", "add", "tests", *scopes, env=shop.environment).stdout.strip()
    with httpx.Client(
        base_url=f"{shop.url}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=30
    ) as client:
        client.post("/books", json=BOOK | {"isbn": IN_STOCK, "title": "Emma", "stock": 9}).raise_for_status()
        client.post("/books", json=BOOK | {"isbn": SOLD_OUT, "title": "Persuasion", "stock": 0}).raise_for_status()
        yield client


@pytest.fixture
def page(browser: Browser, shop: Shop) -> Iterator[Page]:
    with browser.new_context(base_url=shop.url, viewport={"width": 390, "height": 900}) as context:
        yield context.new_page()


def buy(api: httpx.Client) -> str:
    """The path of a paid order."""
    cart = api.post("/carts").json()["id"]
    api.put(f"/carts/{cart}/lines/{IN_STOCK}", json={"quantity": 2}).raise_for_status()
    total = api.post("/quotes", json={"cart_id": cart, "country": "US"}).json()["total_cents"]
    body = {"cart_id": cart, "email": EMAIL, "address": ADDRESS, "expected_total_cents": total}
    order = api.post("/orders", json=body, headers={"Idempotency-Key": cart}).raise_for_status().json()
    api.post(f"/orders/{order['number']}/transitions", json={"state": "paid"}).raise_for_status()
    return f"/orders/{order['token']}"


def test_a_buyers_review_and_invoice(page: Page, shop: Shop, api: httpx.Client) -> None:
    order = buy(api)
    page.goto("/account/sign-up")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_role("button", name="Send me the link").click()
    page.goto(shop.path_of_last_mail())
    page.get_by_label("Your name").fill("Jane Doe")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Make the account").click()

    page.goto(f"/books/{IN_STOCK}")
    page.get_by_role("link", name="Write a review").click()
    expect(page.get_by_label("Name to show with it")).to_have_value("Jane")
    check(page)
    page.get_by_label("What do you think of it?").fill(WORDS)
    page.get_by_label("Wonderful").check()
    page.get_by_label("Name to show with it").fill("Jane D.")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Waits until we have read it")).to_be_visible()
    check(page)
    (waiting,) = api.get("/reviews").json()["items"]
    tag = api.get(f"/reviews/{waiting['id']}").headers["ETag"]
    approved = api.patch(f"/reviews/{waiting['id']}", json={"state": "approved"}, headers={"If-Match": tag})
    assert approved.status_code == 200
    page.goto(f"/books/{IN_STOCK}")
    # The browser may keep pages of the catalogue for a minute.
    page.reload()
    expect(page.get_by_text("I read it in one night")).to_be_visible()
    check(page)
    page.goto(f"{page.url}/reviews")
    expect(page.get_by_role("heading", level=1)).to_have_text("Reviews of Emma")
    check(page)

    page.goto(order)
    page.get_by_role("link", name="Invoice").click()
    expect(page.get_by_text("Bookstore Ltd")).to_be_visible()
    check(page)
    page.emulate_media(media="print")
    expect(page.get_by_role("banner")).to_have_count(0)
    expect(page.get_by_text("Back to the order")).to_be_hidden()
    expect(page.get_by_role("heading", name="Invoice")).to_be_visible()


def test_a_reader_who_waits_for_a_book(page: Page, shop: Shop, api: httpx.Client) -> None:
    page.goto(f"/books/{SOLD_OUT}")
    check(page)
    page.get_by_label("Your e-mail address").fill("a@b")
    page.get_by_role("button", name="Tell me when it is back").click()
    expect(page.get_by_label("Your e-mail address")).to_have_accessible_description(
        re.compile("Write an address such as")
    )
    check(page)
    page.get_by_label("Your e-mail address").fill("waiting@example.org")
    page.get_by_role("button", name="Tell me when it is back").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mailbox")
    check(page)
    page.goto(shop.path_of_last_mail())
    check(page)
    page.get_by_role("button", name="Yes, tell me").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("We shall tell you")
    check(page)
    tag = api.get(f"/books/{SOLD_OUT}").headers["ETag"]
    api.patch(f"/books/{SOLD_OUT}", json={"stock": 2}, headers={"If-Match": tag}).raise_for_status()
    assert "1 notices written" in bookstore("notices", "send", env=shop.environment).stdout
    page.goto(shop.path_of_last_mail())
    expect(page.get_by_role("heading", level=1)).to_have_text("Persuasion")
