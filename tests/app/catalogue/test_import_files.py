"""`bookstore catalogue import` as a process: files as they come, and what it says of them."""

import csv
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from psycopg import Connection

from bookstore.catalogue.isbn import from_first_twelve
from tests.databases import Databases, bookstore

GOOD = "9780141439587,Emma,Jane Austen\n"
Run = Callable[..., CompletedProcess[str]]


@pytest.mark.usefixtures("app")
class TestFile:
    def test_with_bom_crlf_and_every_flaw(self, tmp_path: Path, run: Run, owner: Connection) -> None:
        file = tmp_path / "books.csv"
        file.write_bytes(
            b"\xef\xbb\xbfisbn,title,authors,extra\r\n"
            b"9780141439587,Emma,Jane Austen,x\r\n"
            b'0141439688,"Two\r\nlines",Jane Austen\r\n'  # 3-4: no newline in a title
            b"9780140268867,Odyssey,Homer,x,y,z\r\n"  # 5: surplus cells
            b"9780140268867,Caf\xe9,Homer\r\n"  # 6: Latin-1
            b"9780140268867,Nul\x00,Homer\r\n"  # 7
            b"9780140268867," + b"x" * 200_000 + b",Homer\r\n"  # 8
            b"\r\n"
            b"9780140268868,Odyssey,Homer\r\n"  # 10: check digit
            b",,\r\n"  # 11
            b'9780140268867,"stray" quote,Homer\r\n'  # 12
            b"9780140268867,Odyssey,\r\n"  # 13
            b"9780679783268,Pride,Jane Austen\r\n"
            b'9780140268867,"Unclosed,Homer\r\n'  # 15
        )
        done = run(file)
        assert done.returncode == 0
        assert "2 added, 0 updated, 0 unchanged, 10 rejected" in done.stdout
        assert owner.execute("SELECT title FROM book ORDER BY id").fetchall() == [("Emma",), ("Pride",)]
        raw = (tmp_path / "books.rejected.csv").read_bytes()
        assert b"Caf\xe9" in raw
        csv.field_size_limit(10**6)
        header, *rows = csv.reader(raw.decode("latin-1").splitlines(keepends=True))
        assert header == ["line", "reason", "isbn", "title", "authors", "extra"]
        reasons = {int(row[0]): row[1] for row in rows}
        assert list(reasons) == [3, 5, 6, 7, 8, 10, 11, 12, 13, 15]
        assert reasons[3] == "title: must be one line without control characters"
        assert reasons[5] == "more cells than the header has columns"
        assert reasons[6] == "is not UTF-8"
        assert reasons[7].startswith("title: must not hold a NUL character")
        assert reasons[8].startswith("title: String should have at most 500 characters")
        assert reasons[10] == "isbn: has a wrong check digit"
        assert reasons[11] == "title: Field required; authors: Field required; isbn: Field required"
        assert reasons[12].startswith("cannot be read: ")
        assert reasons[13] == "authors: Field required"
        assert reasons[15].startswith("cannot be read: ")
        by_line = {int(row[0]): row[2:] for row in rows}
        assert by_line[3] == ["0141439688", "Two\r\nlines", "Jane Austen"]
        assert by_line[5] == ["9780140268867", "Odyssey", "Homer", "x", "y", "z"]
        assert by_line[10] == ["9780140268868", "Odyssey", "Homer"]

    def test_that_is_good_leaves_no_rejected_file(self, tmp_path: Path, run: Run) -> None:
        file = tmp_path / "books.csv"
        file.write_text("isbn,title,authors\n" + GOOD)
        assert "1 added, 0 updated, 0 unchanged, 0 rejected" in run(file).stdout
        assert [path.name for path in tmp_path.iterdir()] == ["books.csv"]

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            (b"", "missing: authors, isbn, title"),
            (b"\n\n", "missing: authors, isbn, title"),
            (GOOD.encode(), "missing: authors, isbn, title"),
            (b"isbn,title\n", "missing: authors"),
            (b"\xff\xfei\x00s\x00b\x00n\x00", "missing: authors, isbn, title"),
            (b'"isbn,title,authors\n', "is not CSV"),
            (b"\x00\x01\x02", "missing: authors, isbn, title"),
        ],
    )
    def test_without_a_header_is_refused(self, tmp_path: Path, run: Run, content: bytes, sentence: str) -> None:
        file = tmp_path / "books.csv"
        file.write_bytes(content)
        refused(run(file), sentence)

    def test_that_is_missing_is_refused(self, tmp_path: Path, run: Run) -> None:
        refused(run(tmp_path / "none.csv"), "does not exist")


@pytest.mark.usefixtures("app")
class TestRejectedFile:
    @pytest.mark.parametrize("place", ["/nowhere/rejected.csv", "/proc/rejected.csv", "/dev/full"])
    def test_that_cannot_be_written_is_said(self, tmp_path: Path, run: Run, place: str) -> None:
        file = tmp_path / "books.csv"
        file.write_text("isbn,title,authors\nnonsense,T,A\n" * 2)
        refused(run(file, "--rejected-file", place), f"Cannot write {place}")


@pytest.mark.usefixtures("app")
class TestDefaults:
    def test_are_options(self, tmp_path: Path, run: Run, owner: Connection) -> None:
        file = tmp_path / "books.csv"
        file.write_text("isbn,title,authors\n" + GOOD)
        run(file, "--default-price-cents", "1500", "--default-stock", "4")
        assert owner.execute("SELECT price_cents, currency, stock FROM book").fetchone() == (1500, "USD", 4)


@pytest.mark.usefixtures("app")
class TestMemory:
    def test_does_not_grow_with_the_file(self, tmp_path: Path, databases: Databases, database: str) -> None:
        peaks = []
        for rows in (1_000, 8_000):
            file = tmp_path / f"{rows}.csv"
            with file.open("w") as sink:
                sink.write("isbn,title,authors,description\n")
                for number in range(rows):
                    sink.write(f"{from_first_twelve(f'979{number:09}')},T,A,{'word ' * 200}\n")
            done = bookstore("catalogue", "import", str(file), "--dry-run", env=measured(databases, database, tmp_path))
            assert f"{rows} added" in done.stdout
            peaks.append(int((tmp_path / "peak").read_text()))
        assert peaks[1] < peaks[0] * 1.25


def measured(databases: Databases, database: str, folder: Path) -> dict[str, str]:
    """An environment whose processes write the most memory that they ever had, in kB, to a file at their end."""
    (folder / "sitecustomize.py").write_text(
        "import atexit, pathlib, resource\n"
        "atexit.register(lambda: pathlib.Path(__file__).with_name('peak').write_text(\n"
        "    str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)))\n"
    )
    return databases.environment(database, PYTHONPATH=str(folder))


def refused(done: CompletedProcess[str], sentence: str) -> None:
    assert done.returncode != 0
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def run(databases: Databases, database: str) -> Run:
    """A function that imports a file."""

    def import_(file: Path, *options: str) -> CompletedProcess[str]:
        environment = databases.environment(database)
        return bookstore("catalogue", "import", str(file), *options, env=environment, check=False)

    return import_
