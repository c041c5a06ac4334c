"""Behind the counter in a browser: a manager logs in, receives stock, edits, imports, and sends an order off."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.accessible import check
from tests.browser.staff import enrol, invite
from tests.databases import Databases, bookstore
from tests.servers import serve

BARS_OUTSIDE = """() => [...document.querySelectorAll(".chart rect")].filter((bar) => {
    const [mine, all] = [bar, bar.ownerSVGElement].map((one) => one.getBoundingClientRect());
    return mine.left < all.left || mine.right > all.right || mine.top < all.top - 1 || mine.bottom > all.bottom + 1;
}).length"""
ISBN = "9780141439587"
ADDRESS = {
    "name": "A. Reader",
    "street": "1 Main Street",
    "city": "Springfield",
    "postal_code": "12345",
    "country": "US",
}
BOOK = {"isbn": ISBN, "title": "Emma", "authors": ["Jane Austen"], "price_cents": 1299, "currency": "USD", "stock": 3}


@pytest.fixture(scope="module")
def desk(browser: Browser, databases: Databases, worker_id: str) -> Iterator[tuple[BrowserContext, httpx.Client]]:
    """A browser in which a manager has logged in at 390 pixels, with a code; and a client with a token."""
    with databases.temporary(f"back_office_{worker_id}") as name:
        environment = databases.environment(name)
        scopes = [part for scope in ("catalogue", "orders", "stock") for part in ("--scope", scope)]
        token = bookstore("token", "add", "tests", *scopes, env=environment).stdout.strip()
        invitation = invite(environment, "ann", email="ann@shop.example", role="manager")
        with (
            serve(environment) as server,
            httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {token}"}) as client,
            browser.new_context(base_url=server.url, viewport={"width": 390, "height": 900}) as context,
        ):
            page = context.new_page()
            enrol(page, invitation)
            expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
            page.close()
            yield context, client


@pytest.fixture
def page(desk: tuple[BrowserContext, httpx.Client]) -> Iterator[Page]:
    """A page at 390 pixels. The shop's policy allows no script, so that none is needed."""
    page = desk[0].new_page()
    yield page
    page.close()


def order(client: httpx.Client, isbn: str = ISBN) -> str:
    """Order two copies, and give the order's number."""
    cart = client.post("/api/v1/carts").json()
    client.put(f"/api/v1/carts/{cart['id']}/lines/{isbn}", json={"quantity": 2}).raise_for_status()
    quote = client.post("/api/v1/quotes", json={"cart_id": cart["id"], "country": "US"}).json()
    body = {
        "cart_id": cart["id"],
        "email": "reader@example.org",
        "address": ADDRESS,
        "gift_note": "Happy birthday!",
        "expected_total_cents": quote["total_cents"],
    }
    made = client.post("/api/v1/orders", json=body, headers={"Idempotency-Key": cart["id"]})
    return str(made.raise_for_status().json()["number"])


def test_from_the_delivery_to_the_parcel(page: Page, desk: tuple[BrowserContext, httpx.Client]) -> None:
    client = desk[1]
    client.post("/api/v1/books", json=BOOK).raise_for_status()
    page.goto("/staff")
    page.get_by_role("link", name="Stock", exact=True).click()
    page.get_by_label("Look up a book by its ISBN").fill("978-0-14-143958-7")
    page.get_by_role("button", name="Open its ledger").click()
    receive = page.locator("form", has=page.get_by_role("heading", name="Receive"))
    receive.get_by_label("Copies").fill("12")
    receive.get_by_label("Delivery note").fill("Note 77")
    receive.get_by_role("button", name="Receive").click()
    expect(page.get_by_text("15 copies in stock")).to_be_visible()
    correct = page.locator("form", has=page.get_by_role("heading", name="Correct"))
    correct.get_by_label("Copies").fill("-40")
    correct.get_by_label("Why").fill("Water")
    correct.get_by_role("button", name="Correct").click()
    expect(correct.get_by_label("Copies")).to_have_accessible_description(re.compile("15 are in stock"))
    expect(correct.get_by_label("Why")).to_have_value("Water")
    check(page)

    number = order(client)
    page.get_by_role("link", name="Orders", exact=True).click()
    page.get_by_label("Number or e-mail address").fill(number.lower().replace("-", ""))
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name=number).click()
    expect(page.get_by_text("Happy birthday!")).to_be_visible()
    check(page)
    paid = page.locator("form", has=page.get_by_role("button", name="Mark as paid"))
    paid.get_by_label("Why").fill("Paid at the counter")
    paid.get_by_role("button").click()
    page.get_by_role("link", name="Packing slip").click()
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation", name="Staff")).to_be_hidden()
    page.emulate_media(media="screen")
    page.get_by_role("link", name=f"Order {number}").click()
    page.get_by_role("button", name="Mark as packed").click()
    page.get_by_role("button", name="Mark as shipped").click()
    expect(page.locator(".lead strong")).to_have_text("Shipped")
    check(page)
    assert client.get(f"/api/v1/orders/{number}").json()["state"] == "shipped"


def test_dashboard(page: Page, desk: tuple[BrowserContext, httpx.Client]) -> None:
    client = desk[1]
    for isbn, title in (("9780141439686", "Persuasion"), ("9780140268867", "مرحبا")):
        client.post("/api/v1/books", json=BOOK | {"isbn": isbn, "title": title}).raise_for_status()
        paid = f"/api/v1/orders/{order(client, isbn)}/transitions"
        client.post(paid, json={"state": "paid"}).raise_for_status()
    page.goto("/staff")
    expect(page.get_by_role("img", name="Orders paid, day by day")).to_be_visible()
    page.get_by_text("The same as a table").click()
    expect(page.get_by_role("region", name="Orders and money by day")).to_be_visible()
    page.get_by_text("The same as a table").click()
    assert page.locator(".chart rect").count() == 2
    assert page.evaluate(BARS_OUTSIDE) == 0
    check(page)


def test_a_book_and_a_file(page: Page, tmp_path: Path) -> None:
    page.goto("/staff/books")
    page.get_by_role("link", name="Add a book").click()
    page.get_by_label("ISBN", exact=True).fill("978-0-14-044926-6")
    page.get_by_label("Title", exact=True).fill("Persuasion again")
    page.get_by_label("Authors").fill("Jane Austen\nA. Friend")
    page.get_by_label("Price").fill("cheap")
    page.get_by_role("button", name="Add the book").click()
    expect(page.get_by_role("alert")).to_be_visible()
    check(page)
    page.get_by_label("Price").fill("7.50")
    page.get_by_role("button", name="Add the book").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Persuasion again")
    other = page.context.new_page()
    other.goto(page.url)
    other.get_by_label("Title", exact=True).fill("Another title")
    other.get_by_role("button", name="Save").click()
    other.close()
    page.get_by_label("Publisher").fill("Ours")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("This book has changed since you opened it")
    expect(page.get_by_label("Publisher")).to_have_value("Ours")
    check(page)
    page.goto("/staff/books")

    file = tmp_path / "books.csv"
    file.write_text(
        "isbn,title,authors,price_cents,stock\n9780140449136,The Odyssey,Homer,1100,4\n123,Bad,Nobody,1,1\n"
    )
    page.get_by_role("link", name="Import", exact=True).click()
    page.get_by_text("What the file should hold").click()
    check(page)
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_role("button", name="Import 1 book")).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="Import 1 book").click()
    expect(page.get_by_role("status")).to_have_text(re.compile("Imported"), timeout=20_000)
    check(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download all rejected rows").click()
    assert "3,isbn: " in Path(download.value.path()).read_text()
