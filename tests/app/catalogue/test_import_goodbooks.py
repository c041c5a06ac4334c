"""goodbooks-10k as it is, through the command, on a database of its own."""

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from dev.postgres import OWNER
from tests.databases import Databases, bookstore

SUMMARY = "added, 0 updated, 0 unchanged, 723 rejected"
# The whole content of every table, with the times of the last change.
CHECKSUM = """
SELECT md5(string_agg(row, '|' ORDER BY row)) FROM (
    SELECT book::text AS row FROM book UNION ALL SELECT author::text FROM author
    UNION ALL SELECT book_author::text FROM book_author UNION ALL SELECT search_word::text FROM search_word
) AS everything
"""


class Imported:
    """The database, and what the three runs of the command said."""

    def __init__(self, environment: dict[str, str], connection: psycopg.Connection, file: Path, rejected: Path) -> None:
        self.file, self.rejected = file, rejected
        command = ("catalogue", "import", str(file), "--rejected-file", str(rejected))
        self.connection = connection
        self.dry_run = bookstore(*command, "--dry-run", env=environment).stdout
        self.books_after_dry_run = self.connection.execute("SELECT count(*) FROM book").fetchone()
        self.authors_after_dry_run = self.connection.execute("SELECT count(*) FROM author").fetchone()
        self.first = bookstore(*command, env=environment).stdout
        self.checksum = self.connection.execute(CHECKSUM).fetchone()
        self.second = bookstore(*command, env=environment).stdout


class TestGoodbooks:
    def test_accepts_all_rows_but_723(self, imported: Imported) -> None:
        assert f"9277 {SUMMARY}" in imported.first
        assert imported.connection.execute("SELECT count(*) FROM book").fetchone() == (9277,)

    def test_says_why_of_each_rejected_row(self, imported: Imported) -> None:
        rows = list(csv.DictReader(imported.rejected.read_text("utf-8").splitlines()))
        assert Counter(row["reason"] for row in rows) == {
            "isbn: Field required": 700,
            "isbn: has a wrong check digit": 23,
        }
        source = imported.file.read_text("utf-8").splitlines()
        for row in rows:
            (cells,) = csv.reader([source[int(row["line"]) - 1]])
            assert cells == list(row.values())[2:]

    def test_a_dry_run_changes_nothing_and_reports_the_same(self, imported: Imported) -> None:
        assert imported.books_after_dry_run == imported.authors_after_dry_run == (0,)
        assert f"Would be: 9277 {SUMMARY}" in imported.dry_run

    def test_again_writes_nothing(self, imported: Imported) -> None:
        assert "0 added, 0 updated, 9277 unchanged, 723 rejected" in imported.second
        assert imported.connection.execute(CHECKSUM).fetchone() == imported.checksum

    def test_understands_what_the_file_means(self, imported: Imported) -> None:
        row = imported.connection.execute(
            "SELECT title, byline, publication_year, language, price_cents, currency, stock, rating_average::text, "
            "rating_count FROM book WHERE isbn13 = '9780439023481'"
        ).fetchone()
        assert row == (
            "The Hunger Games (The Hunger Games, #1)", "Suzanne Collins", 2008, "en", 999, "USD", 0, "4.34", 4780653,
        )  # fmt: skip
        languages = imported.connection.execute("SELECT DISTINCT language FROM book").fetchall()
        assert ("en",) in languages
        assert ("eng",) not in languages
        assert ("mul",) not in languages
        assert imported.connection.execute("SELECT min(publication_year) < -500 FROM book").fetchone() == (True,)

    def test_every_book_has_its_authors_in_order(self, imported: Imported) -> None:
        lonely = "SELECT count(*) FROM book WHERE NOT EXISTS (SELECT FROM book_author WHERE book_id = book.id)"
        assert imported.connection.execute(lonely).fetchone() == (0,)
        gaps = """
            SELECT count(*) FROM (
                SELECT FROM book_author GROUP BY book_id HAVING max(position) <> count(*) - 1 OR min(position) <> 0
            ) AS odd
        """
        assert imported.connection.execute(gaps).fetchone() == (0,)


@pytest.fixture(scope="module")
def imported(
    databases: Databases, worker_id: str, goodbooks: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Imported]:
    rejected = tmp_path_factory.mktemp("rejected") / "rejected.csv"
    with (
        databases.temporary(f"goodbooks_{worker_id}") as name,
        psycopg.connect(databases.url(name, OWNER), autocommit=True) as connection,
    ):
        yield Imported(databases.environment(name), connection, goodbooks, rejected)
