"""GET of one book and of authors."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask.testing import FlaskClient

from tests.app.catalogue.conftest import AddBook

pytestmark = pytest.mark.usefixtures("noise")


class TestReadBook:
    def test_has_every_field(self, client: FlaskClient, add_book: AddBook) -> None:
        fields = {
            "isbn": "9780141441146",
            "title": "Jane Eyre",
            "subtitle": "An Autobiography",
            "authors": ["Charlotte Brontë", "Stevie Davies"],
            "publisher": "Penguin",
            "publication_year": 1847,
            "language": "eng",
            "description": "A governess.\nA secret.",
            "price_cents": 899,
            "currency": "GBP",
            "stock": 7,
            "cover_url": "https://example.org/jane.jpg",
        }
        add_book(**fields)
        assert client.get("/api/v1/books/9780141441146").json == {
            "isbn13": "9780141441146",
            "isbn10": "0141441143",
            "title": "Jane Eyre",
            "subtitle": "An Autobiography",
            "slug": "jane-eyre",
            "authors": [
                {"name": "Charlotte Brontë", "slug": "charlotte-bronte"},
                {"name": "Stevie Davies", "slug": "stevie-davies"},
            ],
            "publisher": "Penguin",
            "publication_year": 1847,
            "language": "en",
            "description": "A governess.\nA secret.",
            "price_cents": 899,
            "currency": "GBP",
            "stock": 7,
            "cover_url": "https://example.org/jane.jpg",
            "active": True,
            "rating_average": None,
            "rating_count": 0,
        }

    @pytest.mark.parametrize(
        "isbn",
        [
            "9780141441146",
            "978-0-14-144114-6",
            "0141441143",
            "0-14-144114-3",
            "ISBN 0 14 144114 3",
            "ISBN-13: 978-0-14-144114-6",
            "urn",
        ],
    )
    def test_takes_an_isbn_in_any_spelling(self, client: FlaskClient, add_book: AddBook, isbn: str) -> None:
        add_book(isbn="0-14-144114-3", title="Jane Eyre")
        response = client.get(f"/api/v1/books/{isbn}")
        assert (response.status_code, response.json and response.json.get("isbn13")) == (
            (422, None) if isbn == "urn" else (200, "9780141441146")
        )

    def test_a_978_isbn_has_ten_digits_too_and_a_979_one_has_not(self, client: FlaskClient, add_book: AddBook) -> None:
        add_book(isbn="9791090636071")
        assert client.get("/api/v1/books/9791090636071").json["isbn10"] is None  # type: ignore[index]

    def test_has_a_drawn_cover_without_a_picture(self, client: FlaskClient, add_book: AddBook) -> None:
        book = add_book()
        assert book["cover_url"] == f"/covers/{book['isbn13']}.svg"
        assert client.get(book["cover_url"]).mimetype == "image/svg+xml"

    def test_of_an_unknown_isbn_is_404(self, client: FlaskClient) -> None:
        response = client.get("/api/v1/books/9780141441146")
        assert response.status_code == 404
        assert response.mimetype == "application/problem+json"

    def test_takes_one_query(
        self,
        client: FlaskClient,
        add_book: AddBook,
        counted_queries: Callable[[], AbstractContextManager[list[str]]],
    ) -> None:
        book = add_book(authors=["One", "Two", "Three"])
        with counted_queries() as queries:
            assert client.get(f"/api/v1/books/{book['isbn13']}").status_code == 200
        assert len(queries) == 1, queries

    def test_answers_head_with_the_headers_of_get(self, client: FlaskClient, add_book: AddBook) -> None:
        address = f"/api/v1/books/{add_book()['isbn13']}"
        get, head = client.get(address), client.head(address)
        assert head.status_code == 200
        assert head.data == b""
        for name in ("ETag", "Content-Type", "Content-Length", "Cache-Control"):
            assert head.headers[name] == get.headers[name]


class TestNotOnSale:
    def test_is_found_by_nobody_without_a_token(self, client: FlaskClient, add_book: AddBook) -> None:
        book = add_book(title="Secret Plan", authors=["Agent Smith"], active=False)
        isbn = book["isbn13"]
        assert client.get(f"/api/v1/books/{isbn}").status_code == 404
        assert client.get(f"/books/{isbn}/secret-plan").status_code == 404
        assert client.get(f"/covers/{isbn}.svg").status_code == 404
        assert client.get("/api/v1/authors/agent-smith").status_code == 404
        assert client.get("/authors/agent-smith").status_code == 404
        for address in ("/", "/books", "/books?q=secret", f"/books?q={isbn}"):
            assert "Secret Plan" not in client.get(address).text
        for query in ("", "?q=secret", f"?q={isbn}", "?author=agent-smith"):
            assert "Secret Plan" not in client.get(f"/api/v1/books{query}").text
        assert "Agent Smith" not in client.get("/api/v1/authors").text

    def test_is_readable_with_a_token_and_kept_by_no_shared_cache(
        self, client: FlaskClient, add_book: AddBook, authorized: dict[str, str]
    ) -> None:
        isbn = add_book(active=False)["isbn13"]
        response = client.get(f"/api/v1/books/{isbn}", headers=authorized)
        assert response.status_code == 200
        assert response.json
        assert response.json["active"] is False
        assert response.headers["Cache-Control"] == "private, no-cache"

    def test_says_401_to_a_wrong_token(self, client: FlaskClient, add_book: AddBook) -> None:
        isbn = add_book(active=False)["isbn13"]
        response = client.get(f"/api/v1/books/{isbn}", headers={"Authorization": "Bearer wrong"})
        assert response.status_code == 401


class TestReadAuthor:
    def test_gives_the_name(self, client: FlaskClient, add_book: AddBook) -> None:
        add_book(authors=["Émile Zola"])
        assert client.get("/api/v1/authors/emile-zola").json == {"name": "Émile Zola", "slug": "emile-zola"}

    @pytest.mark.parametrize("slug", ["nobody", "nobody-hidden", "%25", "a" * 200])
    def test_of_an_unknown_one_is_404(self, client: FlaskClient, slug: str) -> None:
        assert client.get(f"/api/v1/authors/{slug}").status_code == 404


class TestListAuthors:
    def test_walks_all_of_them_by_slug(self, client: FlaskClient, add_book: AddBook) -> None:
        names = ["Zoë", "Ada", "Émile", "村上春樹", "Bob"]
        for name in names:
            add_book(authors=[name])
        found: list[str] = []
        address: str | None = "/api/v1/authors?limit=2"
        while address:
            page = client.get(address).json
            assert page
            found += [item["name"] for item in page["items"]]
            address = page["next"]
        assert found == ["Ada", "Bob", "Émile", "Nobody Noise", "Zoë", "村上春樹"]

    def test_leaves_out_whom_a_correction_left_without_books(
        self, client: FlaskClient, add_book: AddBook, authorized: dict[str, str]
    ) -> None:
        isbn = add_book(authors=["Jne Austen"])["isbn13"]
        headers = authorized | {"If-Match": "*"}
        client.patch(f"/api/v1/books/{isbn}", json={"authors": ["Jane Austen"]}, headers=headers)
        assert "Jne" not in client.get("/api/v1/authors").text
        assert client.get("/api/v1/authors/jne-austen").status_code == 404
