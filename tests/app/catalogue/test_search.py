"""Search: what finds what, and in which order."""

import pytest
from flask.testing import FlaskClient
from psycopg import Connection

from tests.app.catalogue.conftest import AddBook, Titles

pytestmark = pytest.mark.usefixtures("noise")


class TestAccents:
    @pytest.mark.parametrize("words", ["bronte", "Brontë", "BRONTË", "bronté", "Bronte\u0308"])
    @pytest.mark.parametrize("author", ["Charlotte Brontë", "Charlotte Bronte", "Charlotte Bronte\u0308"])
    def test_are_folded_on_both_sides(self, add_book: AddBook, titles: Titles, words: str, author: str) -> None:
        add_book(title="Jane Eyre", authors=[author])
        assert titles(q=words) == ["Jane Eyre"]

    @pytest.mark.parametrize(
        ("title", "words"),
        [
            ("Smilla’s Fornemmelse for Sne", "smilla's"),
            ("Tonio Kröger", "kroger"),
            ("Ålevangeliet", "alevangeliet"),
            ("Bjørn's Ødeland", "bjorn odeland"),
            ("Łódź", "lodz"),
            ("ﬁnal ﬂight", "final flight"),
            ("İstanbul", "istanbul"),
        ],
    )
    def test_of_many_kinds(self, add_book: AddBook, titles: Titles, title: str, words: str) -> None:
        add_book(title=title)
        assert titles(q=words) == [title]


class TestRank:
    def test_is_title_then_authors_then_description(self, add_book: AddBook, titles: Titles, owner: Connection) -> None:
        add_book(title="By description", description="About Orwell and his time.")
        add_book(title="By author", authors=["George Orwell"])
        add_book(title="Orwell: A Life")
        owner.execute("UPDATE book SET rating_count = 1000 WHERE title = 'By description'")
        owner.execute("UPDATE book SET rating_count = 2147483647 WHERE title = 'By author'")
        assert titles(q="orwell") == ["Orwell: A Life", "By author", "By description"]

    def test_is_the_most_rated_first_among_equals(self, add_book: AddBook, titles: Titles, owner: Connection) -> None:
        for title in ("Orwell One", "Orwell Two", "Orwell Three"):
            add_book(title=title)
        owner.execute("UPDATE book SET rating_count = length(title) WHERE title LIKE 'Orwell%'")
        assert titles(q="orwell") == ["Orwell Three", "Orwell Two", "Orwell One"]

    def test_finds_words_across_title_and_authors(self, add_book: AddBook, titles: Titles) -> None:
        add_book(title="Animal Farm", authors=["George Orwell"])
        add_book(title="Animal Dreams", authors=["Barbara Kingsolver"])
        assert titles(q="orwell animal") == ["Animal Farm"]

    def test_finds_the_subtitle_and_other_forms_of_a_word(self, add_book: AddBook, titles: Titles) -> None:
        add_book(title="Sapiens", subtitle="A Brief History of Humankind")
        assert titles(q="histories") == titles(q="brief history") == ["Sapiens"]


class TestSyntax:
    @pytest.mark.parametrize(
        ("words", "expected"),
        [
            ("war peace", {"War and Peace"}),
            ('"war and peace"', {"War and Peace"}),
            ('"peace war"', set()),
            ("war or peace", {"War and Peace", "The Art of War", "A Separate Peace"}),
            ("war OR peace", {"War and Peace", "The Art of War", "A Separate Peace"}),
            ("war -peace", {"The Art of War"}),
            ('war -"art of war"', {"War and Peace"}),
            ("war - peace", {"War and Peace"}),
            ("war - leo tolstoy", set()),
            ("war&peace", {"War and Peace"}),
            ("war/peace", set()),
            ("  war\t\n peace ", {"War and Peace"}),
        ],
    )
    def test_is_that_of_web_search(self, add_book: AddBook, titles: Titles, words: str, expected: set[str]) -> None:
        for title in ("War and Peace", "The Art of War", "A Separate Peace"):
            add_book(title=title)
        assert set(titles(q=words)) - {"Zzz Noise"} == expected

    @pytest.mark.parametrize("title", ["It", "The Who", "To Be or Not to Be", "And", "A", "1984", "C++"])
    def test_titles_of_common_words_are_found(self, add_book: AddBook, titles: Titles, title: str) -> None:
        add_book(title=title)
        assert titles(q=f'"{title}"') == [title]
        assert title in titles(q=title)

    @pytest.mark.parametrize(
        ("title", "words"),
        [
            ("Война и мир", "война"),
            ("Война и мир", "ВОЙНА"),
            ("紅樓夢", "紅樓夢"),
            ("ألف ليلة وليلة", "ليلة"),
            ("Ὀδύσσεια", "οδυσσεια"),
            ("गोदान", "गोदान"),
            ("해리 포터", "포터"),
        ],
    )
    def test_other_scripts_are_found(self, add_book: AddBook, titles: Titles, title: str, words: str) -> None:
        add_book(title=title)
        assert titles(q=words) == [title]


class TestNothing:
    @pytest.mark.parametrize("words", ["", " ", "\t"])
    def test_asked_for_lists_everything(self, add_book: AddBook, titles: Titles, words: str) -> None:
        add_book(title="Emma")
        assert set(titles(q=words)) == {"Emma", "Zzz Noise"}

    @pytest.mark.parametrize("words", ["!!!", "&", "()", "-", '"', "…", "\N{PILE OF POO}", "'"])
    def test_but_punctuation_finds_nothing(self, client: FlaskClient, add_book: AddBook, words: str) -> None:
        add_book(title="Emma!")
        response = client.get("/api/v1/books", query_string={"q": words})
        assert response.status_code == 200
        assert response.json == {"items": [], "next": None, "did_you_mean": None}


class TestISBN:
    @pytest.mark.parametrize(
        "words",
        [
            "9780141441146",
            "978-0-14-144114-6",
            "978 0 14 144114 6",
            "0141441143",
            "0-14-144114-3",
            "ISBN 978-0-14-144114-6",
            "isbn:0141441143",
            "ISBN-10: 0-14-144114-3",
            "ISBN-13: 978–0–14–144114–6",
        ],
    )
    def test_finds_one_book_in_any_spelling(self, add_book: AddBook, titles: Titles, words: str) -> None:
        add_book(isbn="9780141441146", title="Jane Eyre")
        add_book(title="About 9780141441146")
        assert titles(q=words) == ["Jane Eyre"]

    def test_ending_in_x(self, add_book: AddBook, titles: Titles) -> None:
        add_book(isbn="043942089X", title="Ten")
        assert titles(q="0-439-42089-x") == titles(q="9780439420891") == ["Ten"]

    @pytest.mark.parametrize("words", ["9780141441147", "978014144114", "0141441144"])
    def test_with_a_wrong_digit_finds_nothing(self, add_book: AddBook, titles: Titles, words: str) -> None:
        add_book(isbn="9780141441146")
        assert titles(q=words) == []
