"""Tables in Markdown."""

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; what would end a cell is written otherwise."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def code(text: str) -> str:
    """A text as code; nothing for no text."""
    return f"`{text}`" if text else ""


def _cell(text: str) -> str:
    # In code an entity would be read as it is.
    return " ".join(text.split()).replace("|", "\\|" if "`" in text else "&#124;")
