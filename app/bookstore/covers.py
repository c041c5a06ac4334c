"""A cover for a book that has none: an SVG drawn from its title and authors, the same each time."""

import hashlib
import textwrap

from markupsafe import escape

PALETTES = (("#1f3a5f", "#f4d58d"), ("#5b2333", "#f7f4f3"), ("#2d6a4f", "#d8f3dc"), ("#3d348b", "#f7b801"))


def draw(title: str, byline: str) -> str:
    """An SVG of 200 by 300 units; the caller's text is escaped."""
    ground, ink = PALETTES[hashlib.blake2b(title.encode(), digest_size=1).digest()[0] % len(PALETTES)]
    lines = textwrap.wrap(title, 14, max_lines=5, placeholder="…")
    spans = "".join(f'<tspan x="16" dy="26">{escape(line)}</tspan>' for line in lines)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 300" class="cover" aria-hidden="true">'
        f'<rect width="200" height="300" fill="{ground}"/>'
        f'<text y="30" fill="{ink}" font-size="22" font-family="Georgia, serif">{spans}</text>'
        f'<text x="16" y="280" fill="{ink}" font-size="12" font-family="Georgia, serif">{escape(byline[:28])}</text></svg>'
    )
