"""The ledger: its pages, its API, and the proof that it adds up."""

import pytest
from flask.testing import FlaskClient
from psycopg import Connection

from bookstore.staff.roles import Role
from dev.postgres import OWNER
from tests.app.catalogue.conftest import AddBook
from tests.app.problems import assert_problem
from tests.app.staff.conftest import LogIn
from tests.databases import Databases, bookstore

API = "/api/v1/books/{isbn13}/stock-movements"


def ledger(owner: Connection) -> list[tuple[object, ...]]:
    return owner.execute("SELECT quantity, reason, reference, actor FROM stock_movement ORDER BY id").fetchall()


class TestPages:
    def test_receive_and_correct(self, enrolled: LogIn, add_book: AddBook, owner: Connection) -> None:
        clerk, book = enrolled("ann", Role.CLERK), add_book(stock=0)
        path = f"/staff/stock/{book['isbn13']}"
        assert "Nothing has come or gone yet" in clerk.get(path).text
        done = clerk.post(f"{path}/receive", data={"quantity": "12", "reference": "Note 77"})
        assert done.headers["Location"] == path
        assert clerk.post(f"{path}/correct", data={"quantity": "-2", "reference": "two were wet"}).status_code == 303
        assert ledger(owner) == [
            (12, "received", "Note 77", "staff:ann"),
            (-2, "corrected", "two were wet", "staff:ann"),
        ]
        target = f"book:{book['isbn13']}"
        audit = "SELECT actor, action, target, details FROM audit_log WHERE action LIKE 'stock.%' ORDER BY id"
        assert owner.execute(audit.encode()).fetchall() == [
            ("staff:ann", "stock.receive", target, {"quantity": 12, "reference": "Note 77", "stock": 12}),
            ("staff:ann", "stock.correct", target, {"quantity": -2, "reference": "two were wet", "stock": 10}),
        ]
        page = clerk.get(path).text
        assert page.index("two were wet") < page.index("Note 77")
        assert "<b>10</b> copies in stock" in page

    @pytest.mark.parametrize(
        ("form", "data", "status"),
        [
            ("receive", {"quantity": "", "reference": "x"}, 422),
            ("receive", {"quantity": "many", "reference": "x"}, 422),
            ("receive", {"quantity": "0", "reference": "x"}, 422),
            ("receive", {"quantity": "1.5", "reference": "x"}, 422),
            ("receive", {"quantity": "9" * 5000, "reference": "x"}, 422),
            ("receive", {"quantity": "1", "reference": ""}, 422),
            ("receive", {"quantity": "1", "reference": "a\x00b"}, 422),
            ("receive", {"quantity": "-1", "reference": "x"}, 409),
            ("receive", {"quantity": "2147483647", "reference": "x"}, 409),
            ("correct", {"quantity": "-4", "reference": "x"}, 409),
            ("steal", {"quantity": "1", "reference": "x"}, 404),
        ],
    )
    def test_mistakes_change_nothing_and_stay_typed(
        self, enrolled: LogIn, add_book: AddBook, owner: Connection, form: str, data: dict[str, str], status: int
    ) -> None:
        clerk, book = enrolled("ann", Role.CLERK), add_book(stock=3)
        response = clerk.post(f"/staff/stock/{book['isbn13']}/{form}", data=data)
        assert response.status_code == status
        if status != 404:
            assert 'aria-invalid="true"' in response.text
        assert len(ledger(owner)) == 1
        assert owner.execute("SELECT count(*) FROM audit_log WHERE action LIKE 'stock.%'").fetchone() == (0,)

    def test_the_api_lists_what_runs_out(
        self, add_book: AddBook, client: FlaskClient, authorized: dict[str, str]
    ) -> None:
        books = [add_book(stock=stock, title=f"Stock {stock}") for stock in (3, 0, 4, 1)]
        add_book(stock=0, active=False)

        def found(**query: int) -> tuple[int, int, list[str]]:
            page = client.get("/api/v1/low-stock", query_string=query, headers=authorized).json or {}
            return page["at_most"], page["count"], [book["title"] for book in page["items"]]

        assert found() == (3, 3, ["Stock 0", "Stock 1", "Stock 3"])
        assert found(at_most=4, limit=2) == (4, 4, ["Stock 0", "Stock 1"])
        assert found(at_most=0)[2] == [books[1]["title"]]
        assert client.get("/api/v1/low-stock").status_code == 401

    def test_keyset_pages(
        self, enrolled: LogIn, add_book: AddBook, client: FlaskClient, authorized: dict[str, str]
    ) -> None:
        clerk, book = enrolled("ann", Role.CLERK), add_book(stock=0)
        for number in range(1, 62):
            body = {"quantity": number, "reason": "received", "reference": f"Note-{number:02}."}
            assert client.post(API.format(**book), json=body, headers=authorized).status_code == 201
        first = clerk.get(f"/staff/stock/{book['isbn13']}").text
        assert "Note-61." in first
        assert "Note-11." not in first
        link = first.split('rel="next" href="')[1].split('"')[0]
        second = clerk.get(link).text
        assert "Note-11." in second
        assert "Note-01." in second
        assert "Note-12." not in second
        assert clerk.get(f"/staff/stock/{book['isbn13']}?cursor=forged").status_code == 400

    def test_overview_lists_what_runs_out(self, enrolled: LogIn, add_book: AddBook) -> None:
        for title, stock, active in (("Gone", 0, True), ("Scarce", 3, True), ("Plenty", 4, True), ("Hidden", 0, False)):
            add_book(title=title, stock=stock, active=active)
        page = enrolled("ann", Role.CLERK).get("/staff/stock").text
        assert "2 books on sale have 3 copies or fewer" in page
        assert page.index(">Gone<") < page.index(">Scarce<")
        assert ">Plenty<" not in page
        assert ">Hidden<" not in page

    def test_finds_by_isbn_in_any_spelling(self, enrolled: LogIn) -> None:
        clerk = enrolled("ann", Role.CLERK)
        assert clerk.get("/staff/stock?isbn=0-14-143958-X").status_code == 422
        assert clerk.get("/staff/stock?isbn=978-0-14-143958-7").headers["Location"] == "/staff/stock/9780141439587"
        assert clerk.get("/staff/stock/9780141439587").status_code == 404
        assert clerk.get("/staff/stock/nonsense").status_code == 404


class TestApi:
    def test_does_what_the_pages_do(
        self, client: FlaskClient, add_book: AddBook, authorized: dict[str, str], owner: Connection
    ) -> None:
        book = add_book(stock=0)
        body = {"quantity": 5, "reason": "received", "reference": "Note 1"}
        made = client.post(API.format(**book), json=body, headers=authorized)
        assert made.status_code == 201
        assert made.json
        assert made.json["stock"] == 5
        assert (made.json["actor"], made.json["reference"]) == ("token:tests", "Note 1")
        body = {"quantity": -1, "reason": "corrected", "reference": "lost"}
        assert client.post(API.format(**book), json=body, headers=authorized).status_code == 201
        listed = client.get(f"{made.headers['Location']}?limit=1", headers=authorized).json
        assert listed
        assert [item["quantity"] for item in listed["items"]] == [-1]
        following = client.get(listed["next"], headers=authorized).json
        assert following
        assert [item["quantity"] for item in following["items"]] == [5]
        assert following["next"] is None

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            ({"quantity": 0, "reason": "received", "reference": "x"}, 422),
            ({"quantity": 1, "reason": "sold", "reference": "x"}, 422),
            ({"quantity": 1, "reason": "received"}, 422),
            ({"quantity": -1, "reason": "received", "reference": "x"}, 409),
            ({"quantity": -4, "reason": "corrected", "reference": "x"}, 409),
        ],
    )
    def test_mistakes(
        self, client: FlaskClient, add_book: AddBook, authorized: dict[str, str], body: dict[str, object], status: int
    ) -> None:
        response = client.post(API.format(**add_book(stock=3)), json=body, headers=authorized)
        assert response.status_code == status
        assert_problem(response)

    def test_needs_the_scope(self, client: FlaskClient, enrolled: LogIn, add_book: AddBook) -> None:
        path = API.format(**add_book())
        assert client.get(path).status_code == 401
        assert enrolled("ann", Role.CLERK).get(path).status_code == 401

    def test_unknown_book(self, client: FlaskClient, authorized: dict[str, str]) -> None:
        response = client.get(API.format(isbn13="9780141439587"), headers=authorized)
        assert response.status_code == 404
        assert_problem(response)


class TestCheck:
    def test_proves_the_ledger_and_names_what_differs(self, databases: Databases) -> None:
        with databases.temporary("stock_check") as name:
            env = databases.environment(name)
            assert bookstore("stock", "check", env=env).stdout == "Every stock is the sum of its ledger.\n"
            with Connection.connect(databases.url(name, OWNER), autocommit=True) as owner:
                insert = (
                    "INSERT INTO book (isbn13, slug, title, byline, price_cents, currency, stock) "
                    "VALUES ('9780141439587', 'emma', 'Emma', 'Jane Austen', 1, 'USD', 3)"
                )
                owner.execute(insert.encode())
                assert bookstore("stock", "check", env=env).returncode == 0
                owner.execute("ALTER TABLE book DISABLE TRIGGER USER")
                owner.execute("UPDATE book SET stock = 5")
            failed = bookstore("stock", "check", env=env, check=False)
            assert failed.returncode == 1
            assert "9780141439587: 5 in stock, 3 in the ledger" in failed.stdout
            doctor = bookstore("doctor", env=env, check=False)
            assert "FAIL  stock: differs from its ledger: 9780141439587" in doctor.stdout
