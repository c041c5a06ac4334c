"""Rows of a file: accepted or rejected, never lost, never an error."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookstore.catalogue.csv_rows import Accepted, CatalogueFile, NotACatalogue, Rejected, columns, split_authors

DEFAULTS = {"currency": "USD", "price_cents": 999, "stock": 0}
HEADER = ["isbn", "title", "authors", "publication_year", "price_cents", "language", "rating_average"]
CELL = st.text() | st.sampled_from(
    ["9780141439587", "0141439580", "Emma", "A; B", "-720.0", "eng", "4.5", "1e400", "x" * 600]
)


def read(text: str) -> list[Accepted | Rejected]:
    return list(CatalogueFile(io.StringIO(text, newline=""), DEFAULTS))


class TestRows:
    @given(rows=st.lists(st.lists(CELL, min_size=1, max_size=9), max_size=8))
    def test_every_row_is_accepted_or_rejected(self, rows: list[list[str]]) -> None:
        sink = io.StringIO(newline="")
        csv.writer(sink, quoting=csv.QUOTE_ALL).writerows([HEADER, *rows])
        found = read(sink.getvalue())
        assert len(found) == len(rows)
        assert [row.line for row in found] == sorted({row.line for row in found})

    @given(text=st.text() | st.text('a,"\r\n;\0 ', max_size=60))
    def test_any_text_is_read_to_its_end(self, text: str) -> None:
        found = read("isbn,title,authors\n" + text)
        assert len(found) <= text.count("\n") + text.count("\r") + 1

    @given(text=st.text() | st.text('isbntleauhor,"\n'))
    def test_any_header_is_understood_or_refused(self, text: str) -> None:
        try:
            read(text)
        except NotACatalogue:
            return

    def test_the_line_is_where_the_row_begins(self) -> None:
        found = read('isbn,title,authors\n\n1,"a\nb\nc",A\n\n\n2,T,A\n')
        assert [row.line for row in found] == [3, 8]

    def test_a_short_row_lacks_the_rest(self) -> None:
        (row,) = read("isbn,title,authors,price_cents\n0141439580,Emma,Jane Austen\n")
        assert isinstance(row, Accepted)
        assert row.book.price_cents == 999

    def test_a_column_without_a_name_is_no_flaw(self) -> None:
        (row,) = read(",isbn,title,authors\n0,0141439580,Emma,Jane Austen\n")
        assert isinstance(row, Accepted)

    @pytest.mark.parametrize(
        ("cell", "isbn"),
        [("0141439580", "9780141439587"), ("141439580", None), ("439023483", None), ("43902348", None)],
    )
    def test_an_isbn_gets_its_zeros_back(self, cell: str, isbn: str | None) -> None:
        (row,) = read(f"isbn,title,authors\n{cell},T,A\n")
        if isbn:
            assert isinstance(row, Accepted)
            assert row.book.isbn == isbn


class TestColumns:
    def test_know_synonyms(self) -> None:
        assert columns(["ISBN13", " Title ", "authors", "language_code", "unknown"]) == {
            "isbn": "ISBN13", "title": " Title ", "authors": "authors", "language": "language_code",
        }  # fmt: skip

    def test_prefer_the_fields_own_name(self) -> None:
        for header in (["isbn13", "isbn"], ["isbn", "isbn13"]):
            assert columns([*header, "title", "authors"])["isbn"] == "isbn"


class TestSplitAuthors:
    @pytest.mark.parametrize(
        ("text", "names"),
        [
            ("A, B", ["A", "B"]),
            ("Austen, Jane; Brontë, Emily", ["Austen, Jane", "Brontë, Emily"]),
            ("Kurt Vonnegut, Jr., Someone", ["Kurt Vonnegut, Jr.", "Someone"]),
            ("A,, ,B;", ["A,, ,B"]),
            (" A  B ", ["A B"]),
            (",", []),
        ],
    )
    def test_at_semicolons_or_commas(self, text: str, names: list[str]) -> None:
        assert split_authors(text) == names
