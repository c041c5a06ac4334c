"""Every page that there is, in every language that it is in, is held to WCAG; so a new one is."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, FilePayload, expect

from bookstore.customers import links as customer_links
from bookstore.notices import links as notice_links
from tests.app.payments.market import BUYER, PAID, Market, market
from tests.browser.accessible import check
from tests.browser.staff import PASSWORD, enrol, invite
from tests.databases import Databases

ADDRESS = {"name": "R", "street": "1 Main St", "city": "Springfield", "postal_code": "12345", "country": "US"}
# Where an endpoint's page is; what stands in braces is in `Shop.facts`.
CUSTOMERS = {
    "catalogue.home": "/",
    "catalogue.browse": "/books",
    "catalogue.book": "/books/{isbn}/t",
    "catalogue.authors": "/authors",
    "catalogue.author": "/authors/a",
    "reviews.of_book": "/books/{isbn}/t/reviews",
    "cart.show": "/cart",
    "orders.checkout": "/checkout",
    "orders.show": "/orders/{order}",
    "invoice.show": "/orders/{order}/invoice",
    "notices.confirm_form": "/notices/confirm/{wish}",
    "notices.stop_form": "/notices/stop/{stop}",
    "customer_entrance.login_form": "/account/login",
    "customer_entrance.sign_up_form": "/account/sign-up",
    "customer_entrance.confirm_form": "/account/confirm/{newcomer}",
    "customer_entrance.forgotten_form": "/account/forgotten",
    "customer_entrance.reset_form": "/account/reset/{reset}",
    "customer_home.home": "/account",
    "customer_home.security": "/account/security",
    "customer_addresses.list_addresses": "/account/addresses",
    "customer_addresses.new": "/account/addresses/new",
    "customer_addresses.edit": "/account/addresses/1",
    "customer_orders.list_orders": "/account/orders",
    "customer_reviews.list_own": "/account/reviews",
    "customer_reviews.form": "/account/reviews/{isbn}",
    "customer_data.show": "/account/data",
}
# In English alone.
STAFF = {
    "staff_enrolment.form": "/staff/enrol/{invitation}",
    "staff_login.form": "/staff/login",
    "staff_login.code": "/staff/login/code",
    "staff_dashboard.show": "/staff",
    "staff_orders.board": "/staff/orders",
    "staff_orders.show": "/staff/orders/{number}",
    "staff_orders.slip": "/staff/orders/{number}/slip",
    "staff_books.list_books": "/staff/books",
    "staff_books.new": "/staff/books/new",
    "staff_books.show": "/staff/books/{isbn}",
    "staff_stock.overview": "/staff/stock",
    "staff_stock.show": "/staff/stock/{isbn}",
    "staff_reviews.list_reviews": "/staff/reviews",
    "staff_imports.overview": "/staff/imports",
    "staff_imports.show": "/staff/imports/1",
    "staff_account.show": "/staff/account",
    "staff_people.list_people": "/staff/people",
    "staff_people.show": "/staff/people/ann",
    "staff_audit.show": "/staff/audit",
}
LOGGED_OUT = {
    "customer_entrance.login_form", "customer_entrance.sign_up_form", "customer_entrance.forgotten_form",
    "staff_enrolment.form", "staff_login.form", "staff_login.code",
}  # fmt: skip
# The API's is long, and test_pages.py walks it.
NO_PAGES = {
    "health.livez", "health.readyz", "openapi.docs", "openapi.document_", "storefront.static_file",
    "storefront.favicon", "storefront.robots", "catalogue.cover", "customer_orders.show", "customer_data.export",
    "staff_imports.rejected", "staff_imports.export",
}  # fmt: skip


@dataclass(frozen=True)
class Shop:
    """A shop in which each page has something to show."""

    member: BrowserContext
    stranger: BrowserContext
    facts: dict[str, str]


@pytest.fixture(scope="module")
def shop(browser: Browser, databases: Databases, worker_id: str, shared_app: Flask) -> Iterator[Shop]:
    """A customer who is staff as well has bought, reviewed and imported; a stranger knows a password, but no code."""
    seller = {"SHOP_LEGAL_NAME": "Bookstore Ltd", "SHOP_ADDRESS": "2 High Street, Springfield"}
    with (
        market(databases, f"pages_{worker_id}", **seller) as open_,
        browser.new_context(base_url=open_.shop.url) as member,
        browser.new_context(base_url=open_.shop.url) as stranger,
    ):
        order = open_.order()
        open_.pay(order, PAID)
        open_.until(order, "paid", "paid")
        with shared_app.app_context():
            buyer, newcomer = (customer_links.confirmation(email) for email in (BUYER, "new@example.org"))
            wish, stop = notice_links.confirmation(sold_out(open_), "new@example.org"), notice_links.stop(BUYER)
        live(member, buyer, order.isbn)
        send(stranger, "/account/forgotten", email=BUYER)
        facts = {"isbn": order.isbn, "number": order.number, "order": order.token, "newcomer": newcomer}
        facts |= {"wish": wish, "stop": stop, "reset": token_of_last_mail(open_)}
        yield Shop(member, stranger, facts | {"invitation": work(open_, member, stranger)})


def send(context: BrowserContext, path: str, **form: str) -> None:
    """Send a form."""
    done = context.request.post(path, form=dict(form))
    assert done.ok, done.text()


def sold_out(open_: Market) -> str:
    """A book of which there is no copy."""
    isbn = open_.order().isbn
    open_.database.execute("UPDATE book SET stock = 0 WHERE isbn13 = %s", (isbn,))
    return isbn


def live(customer: BrowserContext, token: str, isbn: str) -> None:
    """The life of a customer, up to a full cart."""
    send(customer, f"/account/confirm/{token}", name="Jane Doe", password=PASSWORD)
    send(customer, "/account/addresses", **ADDRESS)
    send(customer, f"/account/reviews/{isbn}", rating="5", body="Good.", name="Jane")
    send(customer, "/cart/lines", isbn=isbn)


def token_of_last_mail(open_: Market) -> str:
    row = open_.database.execute("SELECT body FROM outbox_message ORDER BY id DESC LIMIT 1").fetchone()
    found = re.search(r"/reset/(\S+)", row[0] if row else "")
    assert found
    return found[1]


def work(open_: Market, member: BrowserContext, stranger: BrowserContext) -> str:
    """Ann begins to work here, and imports a book; gives another's invitation."""
    anns, bobs = (invite(open_.environment, name, email=f"{name}@example.org", role="admin") for name in ("ann", "bob"))
    page = member.new_page()
    enrol(page, anns)
    page.goto("/staff/imports")
    content = b"isbn,title,authors\n9780140449136,The Odyssey,Homer\n"
    page.get_by_label("CSV file").set_input_files(FilePayload(name="b.csv", mimeType="text/csv", buffer=content))
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_role("button", name="Import 1 book")).to_be_visible(timeout=20_000)
    page.close()
    send(stranger, "/staff/login", name="ann", password=PASSWORD)
    return bobs.rpartition("/")[2]


def test_every_page_is_one_of_these(shared_app: Flask) -> None:
    rules = [rule for rule in shared_app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    there = {rule.endpoint for rule in rules if not rule.rule.startswith("/api/v1")}
    assert there == {*CUSTOMERS, *STAFF, *NO_PAGES}


@pytest.mark.parametrize("prefix", ["", "/de"])
@pytest.mark.parametrize("endpoint", CUSTOMERS)
def test_page_of_customers(shop: Shop, endpoint: str, prefix: str) -> None:
    hold(shop, endpoint, prefix + CUSTOMERS[endpoint], prefix.removeprefix("/") or "en")


@pytest.mark.parametrize("endpoint", STAFF)
def test_page_of_staff(shop: Shop, endpoint: str) -> None:
    hold(shop, endpoint, STAFF[endpoint], "en")


def hold(shop: Shop, endpoint: str, path: str, language: str) -> None:
    """Hold the page at the path to it."""
    page = (shop.stranger if endpoint in LOGGED_OUT else shop.member).new_page()
    path = path.format(**shop.facts)
    response = page.goto(path)
    assert response
    assert response.status == 200
    assert page.url.endswith(path), page.url
    assert page.evaluate("document.documentElement.lang") == language
    check(page)
    page.close()
