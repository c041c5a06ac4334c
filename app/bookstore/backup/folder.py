"""Backups in a folder: `bookstore-<time>.dump`, and beside each, once it is whole, its SHA-256 as `sha256sum` does."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import click

# The time is that of the dump's beginning, in UTC, so that names in order are times in order.
NAME = re.compile(r"bookstore-[0-9]{8}T[0-9]{6}Z\.dump")
CHECKSUM = ".sha256"


class BackupError(click.ClickException):
    """A backup cannot be kept or found; the message is a sentence that says why."""


def newest_first(files: set[str]) -> list[str]:
    """The backups among file names that have their checksum, the newest first."""
    return sorted((name for name in files if NAME.fullmatch(name) and name + CHECKSUM in files), reverse=True)


@dataclass(frozen=True)
class Folder:
    """A folder of backups."""

    path: Path

    def names(self) -> list[str]:
        """The backups that are whole, the newest first."""
        return newest_first({file.name for file in self.path.glob("*")})

    def seal(self) -> None:
        """Give each dump that has none its checksum; BackupError without any dump."""
        dumps = [file for file in self.path.glob("*.dump") if NAME.fullmatch(file.name)]
        if not dumps:
            raise BackupError(f"There is no dump in {self.path}: the container that makes it has failed.")
        for dump in dumps:
            file = self._checksum_file(dump.name)
            if not file.exists():
                unfinished = file.with_name(f"{file.name}.partial")
                unfinished.write_text(f"{_sha256(dump)}  {dump.name}\n")
                unfinished.rename(file)

    def check(self, name: str) -> Path:
        """The file of a backup that is as it was written; else BackupError."""
        file = self.path / name
        if self._checksum_file(name).read_text().partition(" ")[0] != _sha256(file):
            raise BackupError(f"{name} does not match its checksum: it is damaged. Name another file to restore.")
        return file

    def remove(self, name: str) -> None:
        """Delete a backup; its checksum first, so that no half of one counts."""
        self._checksum_file(name).unlink(missing_ok=True)
        (self.path / name).unlink(missing_ok=True)

    def _checksum_file(self, name: str) -> Path:
        return self.path / (name + CHECKSUM)


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
