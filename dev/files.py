"""Files that hold a secret."""

from pathlib import Path


def write_private(file: Path, text: str) -> None:
    """Write `file`, whole or not at all, readable by its owner only."""
    unfinished = file.with_name(f"{file.name}.new")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    unfinished.write_text(text)
    unfinished.rename(file)
