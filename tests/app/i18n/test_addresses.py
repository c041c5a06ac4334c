"""The address says the language, on every page of customers; caches and proxies can rely on it."""

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.app.catalogue.conftest import AddBook

GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}
HREF = re.compile(r'(?:href|action)="(/[^"]*)"')
# What there is once, whatever the language.
ONCE = ("/static/", "/api/docs", "/language")


@pytest.fixture
def book(add_book: AddBook) -> dict[str, Any]:
    return add_book(title="Emma", authors=["Jane Austen"], price_cents=1299, stock=2, language="en")


def test_kept_pages_of_two_languages_stay_apart(client: FlaskClient, book: dict[str, Any]) -> None:
    paths = ("/", client.get(f"/books/{book['isbn13']}").headers["Location"], "/authors/jane-austen", "/books")
    for path in paths * 2:
        english, german = client.get(path), client.get(f"/de{path}")
        assert '<html lang="en">' in english.text
        assert '<html lang="de">' in german.text
        assert "$12.99" in english.text
        assert "12,99\N{NO-BREAK SPACE}$" in german.text
        assert "Warenkorb" in german.text
        assert english.headers["ETag"] != german.headers["ETag"]
        assert "public" in german.headers["Cache-Control"]
        again = client.get(f"/de{path}", headers={"If-None-Match": german.headers["ETag"]})
        assert again.status_code == 304
        # A cache that knows the address knows enough.
        assert german.headers["Vary"] == english.headers["Vary"] == "Accept-Encoding"
        assert client.get(path, headers=GERMAN | {"Cookie": "language=de"}).data == english.data


def test_every_link_stays_in_the_language(client: FlaskClient, book: dict[str, Any]) -> None:
    seen, waiting = set(), {"/de/"}
    while waiting:
        address = waiting.pop()
        seen.add(address)
        response = client.get(address)
        assert response.status_code in (200, 301, 303), address
        found = {response.headers["Location"]} if "Location" in response.headers else set(HREF.findall(response.text))
        stray = {link for link in found if not link.startswith(("/de/", *ONCE))}
        assert stray == set(), address
        # Each kind of page once.
        pages = {link for link in found if link.startswith("/de/") and not link.startswith("/de/books?")}
        waiting |= pages - seen - {"/de/cart/lines"}
    assert seen >= {"/de/", "/de/books", "/de/authors", "/de/cart", "/de/account/forgotten", "/de/account/sign-up"}


def test_languages_name_each_other(client: FlaskClient, book: dict[str, Any]) -> None:
    for path in ("/", "/authors/jane-austen"):
        named = [
            f'<link rel="alternate" hreflang="{language}" href="http://localhost{prefix}{path}">'
            for language, prefix in (("en", ""), ("x-default", ""), ("de", "/de"))
        ]
        for prefix in ("", "/de"):
            page = client.get(prefix + path).text
            assert [line for line in named if line not in page] == []
            assert f'<link rel="canonical" href="http://localhost{prefix}{path}">' in page


@pytest.mark.parametrize(
    "path",
    ["/staff", "/staff/login", "/api/v1/books", "/api/docs", "/livez", "/readyz", "/robots.txt", "/favicon.ico",
     "/static/x/shop.css", "/de/", "/fr/", "/nowhere"],
)  # fmt: skip
def test_what_is_not_translated_has_one_address(client: FlaskClient, path: str) -> None:
    assert client.get(f"/de{path}").status_code == 404


def test_a_choice_is_kept_and_goes_to_the_page(client: FlaskClient) -> None:
    page = client.get("/books?q=emma").text
    assert 'name="path" value="/books?q=emma"' in page
    done = client.post("/language", data={"language": "de", "path": "/books?q=emma"})
    assert (done.status_code, done.headers["Location"]) == (303, "/de/books?q=emma")
    assert done.headers["Cache-Control"] == "no-store"
    assert client.get_cookie("language").value == "de"  # type: ignore[union-attr]
    assert client.get("/cart").headers["Location"] == "/de/cart"
    assert client.post("/language", data={"language": "en", "path": "/cart"}).headers["Location"] == "/cart"
    assert client.get("/cart", headers=GERMAN).status_code == 200


@pytest.mark.parametrize("path", ["https://evil.example/", "//evil.example", "/\\evil.example", "", "books"])
def test_a_choice_leads_nowhere_else(client: FlaskClient, path: str) -> None:
    assert client.post("/language", data={"language": "de", "path": path}).headers["Location"] == "/de/"


def test_an_unknown_choice_is_refused(client: FlaskClient) -> None:
    refused = client.post("/language", data={"language": "tlh", "path": "/"})
    assert refused.status_code == 400
    assert "Set-Cookie" not in refused.headers


@pytest.mark.parametrize(
    ("accepted", "german"),
    [("de", True), ("de-CH, fr;q=0.5", True), ("en, de;q=0.5", False), ("fr, de;q=0.3", True), ("fr", False),
     ("*", False), ("", False), (";;;=,", False)],
)  # fmt: skip
def test_pages_that_no_cache_keeps_follow_the_browser(app: Flask, accepted: str, *, german: bool) -> None:
    response = app.test_client().get("/account/login?next=%2Fcart", headers={"Accept-Language": accepted})
    assert response.headers["Cache-Control"] == "no-store"
    wanted = "/de/account/login?next=/cart" if german else None
    location = response.headers.get("Location")
    assert (location and location.replace("%2F", "/")) == wanted


def test_a_form_is_answered_in_the_language_of_its_page(client: FlaskClient) -> None:
    typed = {"email": "no address"}
    assert "Schreiben Sie eine Adresse" in client.post("/de/account/sign-up", data=typed).text
    assert "Write an address" in client.post("/account/sign-up", data=typed, headers=GERMAN).text


def test_redirects_stay_in_the_language(client: FlaskClient, book: dict[str, Any]) -> None:
    assert client.get(f"/de/books/{book['isbn13']}").headers["Location"] == f"/de/books/{book['isbn13']}/emma"
    assert client.get("/de/account/orders").headers["Location"] == "/de/account/login?next=%2Faccount%2Forders"
    assert client.post("/de/cart/lines", data={"isbn": book["isbn13"]}).headers["Location"] == "/de/cart"


def test_amounts_and_years_are_read_as_the_language_writes_them(client: FlaskClient) -> None:
    for path, understood in (
        ("/de/books?price_from=1.299,50", "Ab 1.299,50\N{NO-BREAK SPACE}$"),
        ("/de/books?price_from=12,50", "Ab 12,50\N{NO-BREAK SPACE}$"),
        ("/de/books?price_from=12.50", "Ab 12,50\N{NO-BREAK SPACE}$"),
        ("/de/books?year_to=720+v.+Chr.", "Bis 720 v. Chr."),
        ("/books?price_from=1,299.50", "From $1,299.50"),
        ("/books?price_from=12,50", "From $12.50"),
        ("/books?price_from=1.299", "Write at most 2 decimals."),
    ):
        assert understood in client.get(path).text, path
