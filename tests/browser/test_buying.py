"""A guest buys a book and pays for it, with and without JavaScript, on a telephone and on a desk."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.app.payments.market import DECLINED, PAID, Market, market
from tests.browser.accessible import check
from tests.databases import Databases


@pytest.fixture(scope="module")
def shop(databases: Databases, worker_id: str) -> Iterator[Market]:
    """A shop with a provider."""
    with market(databases, f"buying_{worker_id}") as open_:
        yield open_


@pytest.mark.parametrize(("width", "scripts"), [(390, False), (1280, True)])
def test_a_guest_buys_a_book(browser: Browser, shop: Market, width: int, *, scripts: bool) -> None:
    isbn = shop.order().isbn
    context = browser.new_context(
        base_url=shop.shop.url, viewport={"width": width, "height": 900}, java_script_enabled=scripts
    )
    page = context.new_page()
    page.goto(f"/books/{isbn}")
    page.get_by_role("button", name="Put into the cart").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your cart")
    page.get_by_label("Copies").fill("2")
    page.get_by_role("button", name="Change").click()
    expect(page.get_by_text("$25.98").first).to_be_visible()
    if scripts:
        check(page)
    page.get_by_role("link", name="Check out").click()
    for label, value in (("E-mail", "guest@example.org"), ("Name", "A. Guest"), ("Street and number", "1 Main Street")):
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_label("Postal code").fill(" ")
    page.get_by_label("City").fill("Springfield")
    page.get_by_label("Country").select_option("US")
    page.get_by_role("button", name="See what it costs").click()
    expect(page.get_by_role("alert")).to_contain_text("Postal code: Please fill this in.")
    if scripts:
        check(page)
    page.get_by_label("Postal code").fill("12345")
    page.get_by_role("button", name="See what it costs").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Is this right?")
    if scripts:
        check(page)
    page.get_by_role("button", name="Order and pay $30.47").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Pay $30.47")
    page.get_by_label("Card number").fill(DECLINED)
    page.get_by_role("button", name="Pay").click()
    expect(page.locator(".lead")).to_contain_text("Waiting for payment")
    if scripts:
        check(page)
    page.get_by_role("button", name="Pay $30.47").click()
    page.get_by_label("Card number").fill(PAID)
    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you!")
    expect(page).to_have_url(re.compile("/orders/"))
    if scripts:
        check(page)
    page.get_by_role("button", name="Call the order off").click()
    expect(page.get_by_text("Refunded").last).to_be_visible()
    stock = shop.database.execute("SELECT stock FROM book WHERE isbn13 = %s", [isbn]).fetchone()
    # The order that came with the book keeps its copy.
    assert stock == (4,)
    context.close()


FIELDS = {
    "E-mail": "guest@example.org",
    "Name": "A. Guest",
    "Street and number": "1 Main Street",
    "Postal code": "12345",
    "City": "Springfield",
}


def tab_to(page: Page, role: Any, name: str) -> None:
    """Tab until it has the focus."""
    wanted = page.get_by_role(role, name=name, exact=True).first
    for _ in range(80):
        page.keyboard.press("Tab")
        if wanted.evaluate("(one) => one === document.activeElement"):
            return
    raise AssertionError(f"Tab leads to no {role} {name} of {page.url}")


def enter(page: Page, heading: str) -> None:
    """Press Enter, and wait for what follows."""
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)


def test_a_guest_buys_a_book_by_keyboard(browser: Browser, shop: Market) -> None:
    """WCAG 2.1.1: to Tab, to type and to press Enter is enough."""
    isbn = shop.order().isbn
    with browser.new_context(base_url=shop.shop.url) as context:
        page = context.new_page()
        page.goto("/")
        tab_to(page, "searchbox", "Search for a title, an author or an ISBN")
        page.keyboard.type(isbn)
        enter(page, f"Results for “{isbn}”")
        for role, name, heading in (
            ("link", "T", "T"),
            ("button", "Put into the cart", "Your cart"),
            ("link", "Check out", "Where shall we send it?"),
        ):
            tab_to(page, role, name)
            enter(page, heading)
        for name, value in FIELDS.items():
            tab_to(page, "textbox", name)
            page.keyboard.type(value)
        tab_to(page, "combobox", "Country")
        page.keyboard.type("United States")
        for name, heading in (("See what it costs", "Is this right?"), ("Order and pay $16.98", "Pay $16.98")):
            tab_to(page, "button", name)
            enter(page, heading)
        tab_to(page, "textbox", "Card number")
        page.keyboard.type(PAID)
        enter(page, "Thank you!")


def test_a_german_buys_a_book(browser: Browser, shop: Market) -> None:
    isbn = shop.order().isbn
    with browser.new_context(base_url=shop.shop.url, locale="de-DE") as context:
        page = context.new_page()
        page.goto(f"/books/{isbn}")
        page.get_by_role("button", name="Deutsch").click()
        expect(page).to_have_url(re.compile(f"/de/books/{isbn}/"))
        page.get_by_role("button", name="In den Warenkorb").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Ihr Warenkorb")
        page.get_by_role("link", name="Zur Kasse").click()
        for label, value in (("E-Mail", "g@example.org"), ("Name", "G. Ast"), ("Straße und Hausnummer", "Weg 1")):
            page.get_by_label(label, exact=True).fill(value)
        page.get_by_label("Postleitzahl").fill(" ")
        page.get_by_label("Ort", exact=True).fill("Springfield")
        page.get_by_label("Land", exact=True).select_option("US")
        page.get_by_role("button", name="Kosten ansehen").click()
        expect(page.get_by_role("alert")).to_contain_text("Postleitzahl: Bitte füllen Sie dies aus.")
        check(page)
        page.get_by_label("Postleitzahl").fill("12345")
        page.get_by_role("button", name="Kosten ansehen").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Ist das richtig?")
        check(page)
        page.get_by_role("button", name=re.compile("^Bestellen und .* bezahlen$")).click()
        page.get_by_label("Card number").fill(PAID)
        page.get_by_role("button", name="Pay").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Vielen Dank!")
        expect(page).to_have_url(re.compile("/de/orders/"))
        page.get_by_role("link", name="Rechnung zum Drucken").click()
        page.get_by_role("link", name="Zurück zur Bestellung").click()
        # The browser prefers German, and nobody has said otherwise.
        page.goto("/account")
        expect(page.get_by_role("heading", level=1)).to_have_text("Anmelden")
        page.get_by_role("link", name="Konto anlegen").click()
        page.get_by_label("E-Mail").fill("g@example.org")
        page.get_by_role("button", name="Link senden").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Sehen Sie in Ihr Postfach")
        check(page)
        page.goto(link_of_last_mail(shop))
        page.get_by_label("Ihr Name").fill("G. Ast")
        page.get_by_label("Passwort").fill("violet otters hum at noon")
        page.get_by_role("button", name="Konto anlegen").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Guten Tag, G. Ast")


def link_of_last_mail(shop: Market) -> str:
    row = shop.database.execute("SELECT body FROM outbox_message ORDER BY id DESC LIMIT 1").fetchone()
    found = re.search(r"https?://[^/]+(/\S+)", row[0] if row else "")
    assert found
    return found[1]


@pytest.mark.parametrize("scripts", [False, True])
def test_a_customer_buys_a_book_to_a_kept_address(browser: Browser, shop: Market, *, scripts: bool) -> None:
    isbn, email = shop.order().isbn, f"jane.{scripts}@example.org".lower()
    with browser.new_context(
        base_url=shop.shop.url, viewport={"width": 390, "height": 900}, java_script_enabled=scripts
    ) as context:
        page = context.new_page()
        page.goto("/account/sign-up")
        page.get_by_label("E-mail").fill(email)
        page.get_by_role("button", name="Send me the link").click()
        page.goto(link_of_last_mail(shop))
        page.get_by_label("Your name").fill("Jane Doe")
        page.get_by_label("Password").fill("violet otters hum at noon")
        page.get_by_role("button", name="Make the account").click()
        page.goto("/account/addresses/new")
        for label, value in (("Street and number", "1 Main Street"), ("Postal code", "12345"), ("City", "Springfield")):
            page.get_by_label(label).fill(value)
        page.get_by_label("Country").select_option("US")
        page.get_by_role("button", name="Keep it").click()
        page.goto(f"/books/{isbn}")
        page.get_by_role("button", name="Put into the cart").click()
        page.get_by_role("link", name="Check out").click()
        expect(page.get_by_label("E-mail", exact=True)).to_have_value(email)
        expect(page.get_by_label("Street and number")).to_have_value("1 Main Street")
        page.get_by_role("button", name="See what it costs").click()
        page.get_by_role("button", name="Order and pay").click()
        page.get_by_label("Card number").fill(PAID)
        page.get_by_role("button", name="Pay").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Thank you!")
        page.get_by_role("link", name="Invoice, to print").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(r"^Invoice \d+$"))
        if scripts:
            check(page)
        page.goto("/account/orders")
        page.get_by_role("main").get_by_role("link", name=re.compile("^[0-9A-Z]{4}-")).first.click()
        expect(page.get_by_text("1 Main Street").first).to_be_visible()
