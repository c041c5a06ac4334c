"""A cover for a book that has no picture: an SVG drawn from its title and authors, the same each time.

A hash of both chooses a palette, a typeface, one of a dozen motifs and its proportions. Text stands on the plain ground
only, so its contrast is the palette's; and it is measured generously, so it fits whichever font a reader has.
"""

import hashlib
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

from markupsafe import escape

from bookstore.cover_motifs import MARGIN, MOTIFS, PALETTES, WIDTH

HEIGHT, MOTIF_HEIGHT = 300, 140
TITLE_HEIGHT = 112
# Few sizes: a browser prepares each font once for each of them.
SIZES = (42, 34, 27, 21, 17, 13)
LEADING = 1.16
LONG_TITLE, LONGEST_NAME = 22, 30
SUBTITLE_SIZE, SUBTITLE_LINES, BYLINE_SIZE = 12, 3, 12


class Face(NamedTuple):
    """A way to set the title: SVG attributes, and how much wider it runs than the plain serif."""

    attributes: str
    stretch: float


FACES = (
    Face('font-family="Georgia,serif"', 1),
    Face('font-family="Georgia,serif" font-weight="700"', 1.12),
    Face('font-family="Georgia,serif" font-style="italic"', 1),
    Face('font-family="sans-serif" font-weight="600"', 1.12),
)
SMALL = 'font-family="sans-serif"'


def draw(title: str, byline: str) -> str:
    """An SVG of 200 by 300 units, hidden from assistive technology (its page has the same words as text)."""
    digest = hashlib.blake2b(f"{title}\0{byline}".encode(), digest_size=16).digest()
    palette = PALETTES[digest[0] % len(PALETTES)]
    # Bold and italic are European manners.
    face = FACES[digest[1] % len(FACES)] if _is_european(title) else FACES[0]
    motif, may_hang = MOTIFS[digest[2] % len(MOTIFS)]
    hangs = may_hang and digest[3] % 2 == 0
    shift = 0 if hangs else HEIGHT - MOTIF_HEIGHT
    drawing = motif(digest[4:], palette)
    top, byline_y = (154, HEIGHT - 16) if hangs else (42, 30)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" class="cover" aria-hidden="true">'
        f'<path fill="{palette.ground}" d="M0 0h{WIDTH}v{HEIGHT}H0z"/>'
        f'<g fill="none" transform="translate(0 {shift})">{drawing}</g>'
        f'<path stroke="#fff" stroke-opacity=".16" stroke-width="2" d="M7 0v{HEIGHT}"/>'
        f'<g fill="{palette.ink}" font-weight="400">{_title(title, face, top)}{_byline(byline, byline_y)}</g></svg>'
    )


# Text


class _Widths(dict[str, float]):
    """Width of a character in ems, a little more than in common fonts."""

    def __missing__(self, letter: str) -> float:
        if unicodedata.combining(letter) or unicodedata.category(letter) in ("Cf", "Mn"):
            width = 0.0
        elif unicodedata.east_asian_width(letter) in "WF":
            width = 1.03
        elif letter in " .,:;'\u2019!|iljI()[]":
            width = 0.36
        elif letter in 'frt-"“”':
            width = 0.47
        elif letter in "mwMW@%&—…":
            width = 1.0
        else:
            width = 0.75 if letter.isupper() else 0.61
        self[letter] = width
        return width


_widths = _Widths()


def _measure(text: str) -> float:
    return sum(map(_widths.__getitem__, text))


def _is_european(text: str) -> bool:
    return max(text, default="") < "\u0590"


def _pieces(text: str) -> Iterable[str]:
    """Where a line may break: after a space or a hyphen, and around each ideograph."""
    for word in text.split():
        if _is_european(word):
            *parts, last = word.split("-")
            yield from (f"{part}-" for part in parts)
            yield f"{last} "
        elif any(unicodedata.east_asian_width(letter) in "WF" for letter in word):
            yield from word[:-1]
            yield f"{word[-1]} "
        else:
            yield f"{word} "


def _wrap(pieces: list[tuple[str, float]], width: float) -> list[str] | None:
    """Lines at most this many ems wide, or None where a piece is wider than a line."""
    lines: list[str] = []
    line, used = "", 0.0
    for piece, wide in pieces:
        if wide > width:
            return None
        if used + wide > width and line:
            lines.append(line.rstrip())
            line, used = "", 0.0
        line += piece
        used += wide
    return [*lines, line.rstrip()]


def _fit(text: str, stretch: float, height: float) -> tuple[list[str], float]:
    """The text as lines, at the largest size that the height allows."""
    pieces = [(piece, _measure(piece.rstrip())) for piece in _pieces(text)]
    space = _widths[" "]
    pieces = [(piece, wide + space if piece[-1] == " " else wide) for piece, wide in pieces]
    room = (WIDTH - 2 * MARGIN) / stretch
    for size in SIZES:
        lines = _wrap(pieces, room / size + space)
        if lines and len(lines) * size * LEADING <= height:
            return lines, size
    size = SIZES[-1]
    return _cut(text, room / size, int(height / size / LEADING)), size


def _cut(text: str, width: float, most: int) -> list[str]:
    """As many lines as there is room for, broken inside words where there is no other way, with an ellipsis."""
    lines: list[str] = []
    rest = text
    while rest and len(lines) < most:
        end, used = 0, 0.0
        while end < len(rest) and (used := used + _widths[rest[end]]) <= width:
            end += 1
        end = max(end, 1)
        if end < len(rest) and (space := rest.rfind(" ", 1, end + 1)) > 0:
            end = space
        lines.append(rest[:end])
        rest = rest[end:].lstrip()
    if rest:
        lines[-1] = lines[-1][:-1].rstrip() + "…"
    return lines


def _start(text: str) -> str:
    """Where lines begin: at the left, or at the right for Arabic, Hebrew and their like."""
    for letter in text:
        direction = unicodedata.bidirectional(letter)
        if direction in ("R", "AL"):
            return f'x="{WIDTH - MARGIN}" direction="rtl"'
        if direction == "L":
            break
    return f'x="{MARGIN}"'


def _text(lines: list[str], size: float, y: float, attributes: str) -> str:
    start = _start(lines[0])
    x = start.split(" ")[0]
    spans = "".join(f'<tspan {x} dy="{size * LEADING:.4g}">{escape(line)}</tspan>' for line in lines)
    return f'<text {start} y="{y:.4g}" font-size="{size}" {attributes}>{spans}</text>'


def _title(title: str, face: Face, top: float) -> str:
    main, _, rest = title.partition(": ") if len(title) > LONG_TITLE else (title, "", "")
    if not rest:
        return _text(*_fit(title or "—", face.stretch, TITLE_HEIGHT), top - 4, face.attributes)
    below = _cut(rest, (WIDTH - 2 * MARGIN) / SUBTITLE_SIZE, SUBTITLE_LINES)
    height = TITLE_HEIGHT - len(below) * SUBTITLE_SIZE * LEADING
    lines, size = _fit(main or "—", face.stretch, height)
    first_below = top + len(lines) * size * LEADING
    return _text(lines, size, top - 4, face.attributes) + _text(below, SUBTITLE_SIZE, first_below, SMALL)


def _byline(byline: str, y: float) -> str:
    """The names that there is room for on one line; a long first name is set smaller."""
    room = (WIDTH - 2 * MARGIN) / BYLINE_SIZE
    names = byline.split(", ")
    others = " and others" if _is_european(names[0]) else " …"
    line = names[0]
    for count in range(len(names), 0, -1):
        line = ", ".join(names[:count]) + (others if count < len(names) else "")
        if _measure(line) <= room:
            return _line(line, BYLINE_SIZE, y)
    line = names[0] if len(names[0]) <= LONGEST_NAME else f"{names[0][:LONGEST_NAME]}…"
    return _line(line, min(BYLINE_SIZE, round(BYLINE_SIZE * room / _measure(line), 1)), y)


def _line(line: str, size: float, y: float) -> str:
    return f'<text {_start(line)} y="{y:g}" font-size="{size:g}" {SMALL}>{escape(line)}</text>'
