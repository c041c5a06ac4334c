"""Catalogue files in and out of the browser."""

import csv
import io
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from psycopg import Connection

from bookstore.catalogue import importing
from bookstore.catalogue.isbn import from_first_twelve
from bookstore.db import unit_of_work
from bookstore.health import draining
from bookstore.staff import imports
from bookstore.staff.roles import Role
from bookstore.tokens import service as tokens
from tests.app.catalogue.conftest import AddBook
from tests.app.problems import assert_problem
from tests.app.staff.conftest import LogIn, wait_for_imports

HEADER = "isbn,title,authors,price_cents,stock\n"
DEADLINE_SECONDS = 30


def isbn(number: int) -> str:
    return from_first_twelve(f"9791{number:08}")


def file(rows: int) -> str:
    return HEADER + "".join(f"{isbn(number)},Title {number},An Author,999,5\n" for number in range(rows))


def upload(client: FlaskClient, content: str | bytes, name: str = "books.csv") -> Any:
    data = content.encode() if isinstance(content, str) else content
    # As a browser sends it; werkzeug's client leaves large ones in files that it does not close.
    head = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: text/csv\r\n\r\n'
    body = head.encode() + data + b"\r\n--x--\r\n"
    return client.post("/staff/imports", data=body, content_type="multipart/form-data; boundary=x")


def settled(client: FlaskClient, path: str) -> str:
    """The page of an import once it does not refresh itself any more."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while 'http-equiv="refresh"' in (page := client.get(path).text):
        assert time.monotonic() < deadline, page
        time.sleep(0.05)
    return page


def numbers(page: str) -> dict[str, int]:
    found = re.findall(r"<dt>([^<]+)</dt><dd>([\d,]+)</dd>", page)
    return {label: int(number.replace(",", "")) for label, number in found}


@pytest.fixture
def manager(enrolled: LogIn) -> Iterator[FlaskClient]:
    """A manager, whose imports are over before the next test empties the tables."""
    yield enrolled("ann", Role.MANAGER)
    wait_for_imports()


@pytest.fixture
def interrupted(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Uploads that nobody works on, as after a kill; batches of ten rows."""
    monkeypatch.setattr("bookstore.catalogue.importing.BATCH_ROWS", 10)
    monkeypatch.setattr("bookstore.staff.imports.start", lambda _import_id: None)


class TestImport:
    def test_is_tried_then_confirmed_then_done(self, manager: FlaskClient, owner: Connection) -> None:
        content = file(2500) + "123,Bad,Nobody,1,1\n9780141439587,,Nobody,1,1\n"
        path = upload(manager, content).headers["Location"]
        page = settled(manager, path)
        assert numbers(page) == {"Would be added": 2500, "Would be updated": 0, "Unchanged": 0, "Rejected": 2}
        assert '<th scope="row">2502</th><td>isbn: has a wrong check digit</td>' in page
        assert "Import 2,500 books" in page
        assert owner.execute("SELECT count(*) FROM book").fetchone() == (0,)
        assert manager.post(f"{path}/start").headers["Location"] == path
        page = settled(manager, path)
        assert numbers(page) == {"Added": 2500, "Updated": 0, "Unchanged": 0, "Rejected": 2}
        assert owner.execute("SELECT count(*), sum(stock) FROM book").fetchone() == (2500, 12500)
        ledger = owner.execute("SELECT DISTINCT reason, reference, actor FROM stock_movement").fetchall()
        assert ledger == [("imported", "import 1", "staff:ann")]
        audit = owner.execute("SELECT action, target FROM audit_log WHERE action LIKE 'import.%' ORDER BY id")
        assert audit.fetchall() == [("import.upload", "import:1"), ("import.start", "import:1")]
        assert manager.post(f"{path}/start").status_code == 409
        again = settled(manager, upload(manager, content).headers["Location"])
        assert numbers(again) == {"Would be added": 0, "Would be updated": 0, "Unchanged": 2500, "Rejected": 2}
        assert "There is nothing to import." in again
        assert manager.get("/staff/imports").text.count(">books.csv<") == 2

    def test_rejected_rows_can_be_downloaded_as_they_were(self, manager: FlaskClient) -> None:
        bad = HEADER.encode() + b"123,B\xe9d,Nobody,1,1\n" + f"{isbn(1)},Good,An Author,1,1\n".encode()
        path = upload(manager, bad).headers["Location"]
        settled(manager, path)
        response = manager.get(f"{path}/rejected.csv")
        header, row = response.data.splitlines()
        assert header == b"line,reason,isbn,title,authors,price_cents,stock"
        assert row == b"2,is not UTF-8,123,B\xe9d,Nobody,1,1"
        assert response.headers["Content-Disposition"] == 'attachment; filename="import-1-rejected.csv"'

    def test_file_without_a_header_is_refused(self, manager: FlaskClient) -> None:
        unusable = {b"a,b\n1,2\n": "missing: authors, isbn, title", b"\xff\xfe\x00x": "missing", b'"a': "CSV"}
        for content, reason in unusable.items():
            path = upload(manager, content).headers["Location"]
            page = settled(manager, path)
            assert reason in page
            assert "Nothing was changed" in page
            assert manager.get(f"{path}/rejected.csv").status_code == 409
            assert "/start" not in page

    def test_nothing_to_upload(self, manager: FlaskClient) -> None:
        for data in ({}, {"file": "text"}, {"file": (io.BytesIO(b""), "x.csv")}, {"file": (io.BytesIO(b" \n"), "")}):
            response = manager.post("/staff/imports", data=data, content_type="multipart/form-data")
            assert response.status_code == 422
            assert "Choose a CSV file that is not empty." in response.text

    def test_may_be_larger_than_other_bodies_but_not_endless(self, manager: FlaskClient, app: Flask) -> None:
        settings = app.config["SETTINGS"]
        padding = " " * settings.max_body_bytes
        assert upload(manager, HEADER + padding).status_code == 303
        for size in (settings.import_max_bytes, settings.import_max_bytes + 100_000):
            assert upload(manager, HEADER + " " * size).status_code == 413

    def test_odd_file_names(self, manager: FlaskClient) -> None:
        for name in ("<script>.csv", "../../etc/passwd", "a" * 300, "\u202egpj.csv"):
            response = upload(manager, file(1), name)
            assert response.status_code == 303
            assert "<script>" not in settled(manager, response.headers["Location"])

    def test_needs_a_manager(self, enrolled: LogIn, manager: FlaskClient) -> None:
        clerk = enrolled("bob", Role.CLERK)
        path = upload(manager, file(1)).headers["Location"]
        settled(manager, path)
        for one in ("/staff/imports", path, f"{path}/rejected.csv", "/staff/imports/catalogue.csv"):
            assert clerk.get(one).status_code == 403
        assert upload(clerk, file(1)).status_code == 403
        assert clerk.post(f"{path}/start").status_code == 403

    def test_unknown_import(self, manager: FlaskClient) -> None:
        for path in ("", "/rejected.csv"):
            assert manager.get(f"/staff/imports/99{path}").status_code == 404
        assert manager.post("/staff/imports/99/start").status_code == 404

    def test_old_files_are_forgotten(self, manager: FlaskClient, owner: Connection) -> None:
        path = upload(manager, file(1)).headers["Location"]
        settled(manager, path)
        owner.execute("UPDATE catalogue_import SET created_at = now() - interval '31 days'")
        upload(manager, file(1))
        assert manager.get(path).status_code == 404


class TestApi:
    IMPORTS = "/api/v1/imports"

    @pytest.fixture
    def robot(self, client: FlaskClient, authorized: dict[str, str]) -> Iterator[Callable[..., Any]]:
        """A function that sends a request with the token."""
        yield lambda method, path, **options: client.open(
            path, method=method, headers=authorized | options.pop("headers", {}), **options
        )
        wait_for_imports()

    def settled(self, robot: Callable[..., Any], path: str) -> Any:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while (found := robot("GET", path).json)["state"] in ("checking", "importing"):
            assert time.monotonic() < deadline, found
            time.sleep(0.05)
        return found

    def test_does_what_the_pages_do(self, robot: Callable[..., Any], owner: Connection) -> None:
        content = file(30) + "123,Bad,Nobody,1,1\n"
        made = robot("POST", f"{self.IMPORTS}?filename=new.csv", data=content, content_type="text/csv")
        assert made.status_code == 201
        path = made.headers["Location"]
        tried = self.settled(robot, path)
        assert (tried["state"], tried["filename"], tried["added"], tried["rejected"]) == ("checked", "new.csv", 30, 1)
        assert tried["rejected_rows"] == [{"line": 32, "reason": "isbn: has a wrong check digit"}]
        assert owner.execute("SELECT count(*) FROM book").fetchone() == (0,)
        rejected = robot("GET", f"{path}/rejected.csv")
        assert (rejected.mimetype, rejected.headers["Cache-Control"]) == ("text/csv", "no-store")
        assert rejected.data.splitlines()[1] == b"32,isbn: has a wrong check digit,123,Bad,Nobody,1,1"
        assert robot("POST", f"{path}/start").status_code == 200
        assert self.settled(robot, path)["state"] == "done"
        assert robot("POST", f"{path}/start").status_code == 409
        assert owner.execute("SELECT count(*), sum(stock) FROM book").fetchone() == (30, 150)
        assert owner.execute("SELECT DISTINCT reason, actor FROM stock_movement").fetchall() == [
            ("imported", "token:tests")
        ]
        again = robot("POST", self.IMPORTS, data=robot("GET", "/api/v1/catalogue.csv").data, content_type="text/csv")
        assert self.settled(robot, again.headers["Location"])["unchanged"] == 30
        listed = robot("GET", f"{self.IMPORTS}?limit=1").json
        assert [one["filename"] for one in listed["items"]] == ["catalogue.csv"]
        assert [one["filename"] for one in robot("GET", listed["next"]).json["items"]] == ["new.csv"]

    def test_refuses_what_is_no_file(self, robot: Callable[..., Any], app: Flask) -> None:
        most = app.config["SETTINGS"].import_max_bytes
        for data, kind, status in (
            ("", "text/csv", 422),
            (" \n", "text/csv", 422),
            ("{}", "application/json", 415),
            (" " * (most + 1), "text/csv", 413),
        ):
            response = robot("POST", self.IMPORTS, data=data, content_type=kind)
            assert response.status_code == status
            assert_problem(response)
        assert robot("POST", self.IMPORTS, data=HEADER + " " * 1_500_000, content_type="text/csv").status_code == 201
        unusable = robot("POST", self.IMPORTS, data="a,b\n1,2\n", content_type="text/csv").headers["Location"]
        refused = self.settled(robot, unusable)
        assert (refused["state"], "missing: authors" in refused["problem"]) == ("refused", True)
        assert robot("GET", f"{unusable}/rejected.csv").status_code == 409
        assert robot("GET", f"{self.IMPORTS}/99").status_code == 404

    def test_needs_the_scope(self, client: FlaskClient, app: Flask) -> None:
        with app.app_context(), unit_of_work() as session:
            token = tokens.add_token(session, "weak", [one for one in tokens.Scope if one != "catalogue"], None)
        weak = {"Authorization": f"Bearer {token}"}
        for method, path in (
            ("GET", ""),
            ("POST", ""),
            ("GET", "/1"),
            ("POST", "/1/start"),
            ("GET", "/1/rejected.csv"),
        ):
            assert client.open(f"{self.IMPORTS}{path}", method=method).status_code == 401
            assert client.open(f"{self.IMPORTS}{path}", method=method, headers=weak).status_code == 403
        assert client.get("/api/v1/catalogue.csv", headers=weak).status_code == 403


@pytest.mark.usefixtures("interrupted")
class TestInterrupted:
    def add(self, app: Flask, rows: int) -> int:
        with app.app_context(), unit_of_work() as session:
            return imports.add(session, "x.csv", file(rows).encode(), "staff:ann")

    def confirm(self, app: Flask, import_id: int) -> None:
        with app.app_context():
            imports.work(import_id)
            with unit_of_work() as session:
                imports.confirm(session, import_id)

    def test_goes_on_from_the_line_that_it_reached(
        self, app: Flask, manager: FlaskClient, owner: Connection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import_id = self.add(app, 55)
        self.confirm(app, import_id)
        real, batches = importing.import_batch, iter(range(100))

        def killed(*arguments: Any, **options: Any) -> None:
            real(*arguments, **options)
            if next(batches) == 2:
                raise SystemExit

        monkeypatch.setattr(imports, "import_batch", killed)
        with app.app_context(), pytest.raises(SystemExit):
            imports.work(import_id)
        row = owner.execute("SELECT state, line, added, (SELECT count(*) FROM book) FROM catalogue_import").fetchone()
        assert row == ("importing", 21, 20, 20)
        with app.app_context():
            imports.work(import_id)
        row = owner.execute("SELECT state, added, unchanged FROM catalogue_import").fetchone()
        assert row == ("done", 55, 0)
        assert owner.execute("SELECT count(*) FROM book").fetchone() == (55,)

    def test_two_workers_do_nothing_twice(self, app: Flask, owner: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
        import_id = self.add(app, 55)
        self.confirm(app, import_id)
        real = imports._work_on

        def overtaken(*arguments: Any) -> bool:
            monkeypatch.setattr(imports, "_work_on", real)
            imports.work(import_id)
            return real(*arguments)

        monkeypatch.setattr(imports, "_work_on", overtaken)
        with app.app_context():
            imports.work(import_id)
        row = owner.execute("SELECT state, added, updated, unchanged FROM catalogue_import").fetchone()
        assert row == ("done", 55, 0, 0)

    def test_stops_between_batches_when_the_process_is_told_to(self, app: Flask, owner: Connection) -> None:
        import_id = self.add(app, 55)
        draining.set()
        try:
            with app.app_context():
                imports.work(import_id)
        finally:
            draining.clear()
        assert owner.execute("SELECT state, line FROM catalogue_import").fetchone() == ("checking", 0)

    def test_page_starts_what_was_abandoned_and_only_that(
        self, app: Flask, manager: FlaskClient, owner: Connection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import_id = self.add(app, 1)
        started: list[int] = []
        monkeypatch.setattr(imports, "start", started.append)
        manager.get(f"/staff/imports/{import_id}")
        assert started == []
        owner.execute("UPDATE catalogue_import SET updated_at = now() - interval '16 seconds'")
        manager.get(f"/staff/imports/{import_id}")
        assert started == [import_id]


class TestExport:
    def test_imports_back_unchanged(self, manager: FlaskClient, add_book: AddBook, owner: Connection) -> None:
        add_book(title='Quotes " and, commas', authors=["Doe, Jane"], description="2\nlines;", publication_year=-720)
        add_book(title="שלום", authors=["An Author", "Doe, John, Jr."], subtitle="S", active=False, language="he")
        add_book(title="=SUM(1)", publisher="P & Q", cover_url="https://a.example/b.png", stock=0)
        owner.execute("UPDATE book SET rating_average = 4.10, rating_count = 7 WHERE stock = 0")
        before = owner.execute("SELECT book::text FROM book ORDER BY id").fetchall()
        response = manager.get("/staff/imports/catalogue.csv")
        assert response.mimetype == "text/csv"
        assert len(list(csv.DictReader(io.StringIO(response.text)))) == 3
        path = upload(manager, response.data, "catalogue.csv").headers["Location"]
        assert numbers(settled(manager, path)) == {
            "Would be added": 0,
            "Would be updated": 0,
            "Unchanged": 3,
            "Rejected": 0,
        }
        owner.execute("DELETE FROM book")
        path = upload(manager, response.data, "catalogue.csv").headers["Location"]
        settled(manager, path)
        manager.post(f"{path}/start")
        assert numbers(settled(manager, path))["Added"] == 3
        strip = re.compile(r"^\(\d+,|\d{4}-\d\d-\d\d \d\d:[^,]+")
        after = owner.execute("SELECT book::text FROM book ORDER BY isbn13").fetchall()
        assert [strip.sub("", row[0]) for row in after] == [strip.sub("", row[0]) for row in before]

    def test_is_read_a_part_at_a_time(self, manager: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("bookstore.catalogue.exporting.ROWS_AT_ONCE", 7)
        path = upload(manager, file(40)).headers["Location"]
        settled(manager, path)
        manager.post(f"{path}/start")
        settled(manager, path)
        assert len(manager.get("/staff/imports/catalogue.csv").text.splitlines()) == 41

    def test_of_nothing_is_a_header(self, manager: FlaskClient) -> None:
        assert manager.get("/staff/imports/catalogue.csv").text.startswith("isbn,title,subtitle,authors,")
