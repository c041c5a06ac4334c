"""What documents show in fenced blocks, with the comment above each that says what a test does with it.

Commands (`sh`): `<!-- run: laptop -->`, `cluster` or `docker`, with `until: TEXT` for one that does not end by itself;
`<!-- as in: PAGE -->` where that page's commands, which are run, hold these; `<!-- not run: REASON -->`.
Values (`yaml`): `<!-- values -->`, `<!-- values: prod -->` over an environment's, `<!-- values: TITLE -->` over those
of another block of the page; `<!-- not values: REASON -->`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from markdown_it import MarkdownIt

from ci.site import tracked
from tests.chart.rendering import ROOT

MARK = re.compile(r"<!-- (?P<what>[a-z ]+)(?:: (?P<rest>.*?))? -->")
TITLE = re.compile(r'title="([^"]+)"')
UNTIL = " until: "


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    page: str
    line: int
    language: str
    title: str
    what: str
    rest: str
    text: str

    @property
    def where(self) -> str:
        """Where its commands run."""
        return self.rest.partition(UNTIL)[0] if self.what == "run" else ""

    @property
    def until(self) -> str:
        """What its last command prints when it has come so far; nothing for one that ends."""
        return self.rest.partition(UNTIL)[2] if self.what == "run" else ""

    def __str__(self) -> str:
        """Where it stands."""
        return f"{self.page}:{self.line}"


@cache
def of_page(page: str) -> list[Block]:
    """The blocks of a page of the repository, in order."""
    found = []
    before = ""
    for token in MarkdownIt("commonmark").parse((ROOT / page).read_text()):
        if token.type == "fence":
            mark, title = MARK.fullmatch(before), TITLE.search(token.info)
            what, rest = (mark["what"], mark["rest"] or "") if mark else ("", "")
            line = (token.map or [0])[0] + 1
            language = token.info.partition(" ")[0]
            found.append(Block(page, line, language, title[1] if title else "", what, rest, token.content))
        before = token.content.strip() if token.type == "html_block" else ""
    return found


def everywhere(language: str) -> Iterator[Block]:
    """All blocks of a language."""
    for page in tracked():
        yield from (block for block in of_page(page) if block.language == language)
