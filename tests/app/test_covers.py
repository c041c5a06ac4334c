"""Covers drawn from a title and its authors."""

import re
from collections.abc import Callable
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookstore import cover_motifs, covers
from bookstore.cover_motifs import MOTIFS, PALETTES, Palette

TITLES = (
    "It",
    "Slaughterhouse-Five",
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
    f"Julie and Julia: {'365 Days, 524 Recipes, 1 Tiny Apartment Kitchen ' * 4}"[:186],
    "باب الخروج: رسالة علي المفعمة ببهجة غير متوقعة",
    "美少女戦士セーラームーン新装版 1 [Bishōjo Senshi Sailor Moon Shinsōban 1]",
    "Горе от ума",
    "",
)
BYLINES = (
    "Homer",
    "Jacob Grimm, Wilhelm Grimm, Josef Scharl, Padraic Colum",
    "Naoko Takeuchi, 武内 直子",
    "X" * 200,
    "",
)
SVG = "{http://www.w3.org/2000/svg}"
text = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=300)


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314  # our own drawing


def luminance(colour: str) -> float:
    """WCAG 2's relative luminance."""
    channels = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("palette", PALETTES)
def test_text_contrasts(palette: Palette) -> None:
    darker, lighter = sorted((luminance(palette.ground), luminance(palette.ink)))
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


def test_there_is_variety() -> None:
    assert len(PALETTES) >= 10
    assert len(MOTIFS) >= 6
    drawn = [covers.draw(f"Title {number}", "Author") for number in range(600)]
    assert {colour for cover in drawn for colour in re.findall(r'<path fill="(#\w+)" d="M0 0h200', cover)} == {
        palette.ground for palette in PALETTES
    }


@pytest.mark.parametrize("seed", [bytes(12), bytes(range(12)), bytes([255] * 12)])
@pytest.mark.parametrize("motif", [motif for motif, _ in MOTIFS], ids=lambda motif: motif.__name__)
def test_motifs_are_drawn_from_any_bytes(motif: Callable[[bytes, Palette], str], seed: bytes) -> None:
    parsed(f"<g>{motif(seed, PALETTES[0])}</g>")


@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize("byline", BYLINES)
def test_text_stays_on_the_cover(title: str, byline: str) -> None:
    svg = parsed(covers.draw(title, byline))
    for block in svg.iter(f"{SVG}text"):
        size, y = float(block.get("font-size", "")), float(block.get("y", ""))
        for line in block.iter(f"{SVG}tspan"):
            y += float(line.get("dy", ""))
            assert covers._measure(line.text or "") * size <= cover_motifs.WIDTH
        assert y <= covers.HEIGHT - size / 4


@given(text, text)
def test_any_text_gives_a_small_document(title: str, byline: str) -> None:
    drawn = covers.draw(title, byline)
    parsed(drawn)
    assert len(drawn) < 2500
    assert ' id="' not in drawn


def test_same_book_same_cover() -> None:
    assert covers.draw("Emma", "Jane Austen") == covers.draw("Emma", "Jane Austen")
    assert covers.draw("Emma", "Jane Austen") != covers.draw("Emma", "Another")


def test_markup_is_escaped() -> None:
    assert "<b>" not in covers.draw("<b>&", "<b>")


def test_arabic_starts_at_the_right() -> None:
    assert 'x="182" direction="rtl"' in covers.draw("أولاد حارتنا", "نجيب محفوظ")


def test_authors_without_room_are_not_forgotten() -> None:
    assert "and others" in covers.draw("Tales", BYLINES[1])
