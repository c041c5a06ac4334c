"""What an import does to the tables."""

import io
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from psycopg import Connection, sql
from sqlalchemy.exc import DBAPIError

from bookstore.catalogue.csv_rows import CatalogueFile, Rejected
from bookstore.catalogue.importing import BATCH_ROWS, Report, import_rows
from bookstore.catalogue.isbn import from_first_twelve
from tests.app.catalogue.conftest import AddBook

HEADER = "isbn,title,authors,price_cents,stock,language\n"
Import = Callable[..., Report]


class TestUpsert:
    @pytest.mark.usefixtures("noise")
    def test_keeps_what_the_file_has_no_column_for(
        self, import_: Import, add_book: AddBook, client: FlaskClient, owner: Connection
    ) -> None:
        book = add_book(title="Old", description="Kept", price_cents=5, stock=7, publisher="Kept", active=False)
        other = add_book(title="Other")
        report = import_(f"isbn,title,authors\n{book['isbn13']},New,Someone Else\n")
        assert str(report) == "0 added, 1 updated, 0 unchanged, 0 rejected"
        assert client.get(f"/api/v1/books/{other['isbn13']}").json == other
        columns = b"title, byline, description, price_cents, stock, publisher, active"
        row = owner.execute(b"SELECT " + columns + b" FROM book WHERE isbn13 = %s", (book["isbn13"],)).fetchone()
        assert row == ("New", "Someone Else", "Kept", 5, 7, "Kept", False)

    def test_fills_a_new_book_with_the_defaults(self, import_: Import, owner: Connection) -> None:
        import_("isbn,title,authors,stock\n0141439580,Emma,Jane Austen,\n")
        row = owner.execute("SELECT price_cents, currency, stock, active FROM book").fetchone()
        assert row == (999, "USD", 0, True)

    def test_the_later_of_two_rows_holds(self, import_: Import, owner: Connection) -> None:
        report = import_("isbn,title,authors\n0141439580,First,A\n978-0-14-143958-7,Second,B\n")
        assert report.added == 1
        assert owner.execute("SELECT title, byline FROM book").fetchall() == [("Second", "B")]

    def test_the_later_of_two_rows_in_two_batches_holds(self, import_: Import, owner: Connection) -> None:
        rows = "".join(f"{isbn(number)},T{number},A\n" for number in range(BATCH_ROWS))
        report = import_(f"isbn,title,authors\n{rows}{isbn(0)},Later,B\n")
        assert str(report) == f"{BATCH_ROWS} added, 1 updated, 0 unchanged, 0 rejected"
        assert owner.execute("SELECT title FROM book WHERE isbn13 = %s", (isbn(0),)).fetchone() == ("Later",)

    def test_an_unchanged_row_keeps_its_time(self, import_: Import, owner: Connection) -> None:
        text = HEADER + f"{isbn(1)},One,A;B,100,1,en\n{isbn(2)},Two,B;A,100,1,en\n"
        import_(text)
        times = "SELECT isbn13, updated_at, xmin::text FROM book ORDER BY isbn13"
        before = owner.execute(times).fetchall()
        report = import_(text.replace("Two", "Zwei"))
        after = owner.execute(times).fetchall()
        assert str(report) == "0 added, 1 updated, 1 unchanged, 0 rejected"
        assert after[0] == before[0]
        assert after[1][1] > before[1][1]

    def test_a_change_of_the_authors_order_is_a_change(self, import_: Import, owner: Connection) -> None:
        import_(f"isbn,title,authors\n{isbn(1)},T,A;B;C\n")
        report = import_(f"isbn,title,authors\n{isbn(1)},T,C;A;C\n")
        assert report.updated == 1
        names = "SELECT name FROM book_author JOIN author ON author.id = author_id ORDER BY position"
        assert owner.execute(names).fetchall() == [("C",), ("A",)]
        assert owner.execute("SELECT byline FROM book").fetchone() == ("C, A",)

    def test_a_word_of_the_file_is_known_to_did_you_mean(self, import_: Import, client: FlaskClient) -> None:
        import_(f"isbn,title,authors\n{isbn(1)},Persuasion,Jane Austen\n")
        found = client.get("/api/v1/books?q=persuasoin").json
        assert found
        assert found["did_you_mean"] == "persuasion"


class TestBatch:
    def test_that_the_database_refuses_leaves_nothing_and_the_earlier_ones_stay(
        self, import_: Import, owner: Connection, refusing: str
    ) -> None:
        rows = [f"{isbn(number)},Book {number},Author {number}\n" for number in range(3 * BATCH_ROWS)]
        rows[BATCH_ROWS + BATCH_ROWS // 2] = f"{isbn(BATCH_ROWS + BATCH_ROWS // 2)},{refusing},Author X\n"
        with pytest.raises(DBAPIError):
            import_("isbn,title,authors\n" + "".join(rows))
        for table in ("book", "author", "book_author"):
            count = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
            assert owner.execute(count).fetchone() == (BATCH_ROWS,)
        titles = owner.execute("SELECT max(substr(title, 6)::int) FROM book").fetchone()
        assert titles == (BATCH_ROWS - 1,)

    def test_can_be_imported_again_after_it_failed(self, import_: Import, owner: Connection, refusing: str) -> None:
        text = f"isbn,title,authors\n{isbn(1)},One,A\n{isbn(2)},{refusing},A\n"
        with pytest.raises(DBAPIError):
            import_(text)
        assert import_(text.replace(refusing, "Two")).added == 2

    def test_a_dry_run_reports_truly_and_changes_nothing(
        self, import_: Import, owner: Connection, add_book: AddBook
    ) -> None:
        same, changed = add_book(title="Same"), add_book(title="Changed")
        text = (
            f"isbn,title,authors\n{same['isbn13']},Same,An Author\n{changed['isbn13']},New,An Author\n"
            f"{isbn(7)},Added,New Author\nnonsense,T,A\n"
        )
        everything = "SELECT array_agg(book.* ORDER BY id)::text, (SELECT count(*) FROM author) FROM book"
        before = owner.execute(everything).fetchone()
        would_be = import_(text, dry_run=True)
        assert owner.execute(everything).fetchone() == before
        assert str(would_be) == "1 added, 1 updated, 1 unchanged, 1 rejected"
        assert import_(text) == would_be


def isbn(number: int) -> str:
    return from_first_twelve(f"9799{number:08}")


@pytest.fixture
def import_(app: Flask) -> Import:
    """A function that imports the text of a file."""

    def run(text: str, *, dry_run: bool = False) -> Report:
        rejected: list[Rejected] = []
        file = CatalogueFile(io.StringIO(text, newline=""), {"currency": "USD", "price_cents": 999, "stock": 0})
        with app.app_context():
            return import_rows(file, rejected.append, dry_run=dry_run)

    return run


@pytest.fixture
def refusing(owner: Connection) -> Iterator[str]:
    """A title that a trigger refuses."""
    title = "Refuse me"
    owner.execute(
        """
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'refused'; END $$;
        CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON book
        FOR EACH ROW WHEN (NEW.title = 'Refuse me') EXECUTE FUNCTION refuse();
        """
    )
    yield title
    owner.execute("DROP TRIGGER refuse ON book; DROP FUNCTION refuse()")
