"""`bookstore backup`: what the chart's backup and restore run beside pg_dump and pg_restore."""

import time
from pathlib import Path

import click

from bookstore.admin.configuration import settings_help
from bookstore.backup.bucket import Bucket
from bookstore.backup.config import BackupSettings
from bookstore.backup.folder import NAME, BackupError, Folder

LEFTOVER_SECONDS = 24 * 60 * 60


class BackupGroup(click.Group):
    """Its help ends with the table of its settings."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table whole: a terminal wraps it better than a paragraph does."""
        formatter.write("\n" + settings_help(BackupSettings) + "\n")


@click.group(cls=BackupGroup)
def backup() -> None:
    """Keep the dumps that pg_dump made, and find the one to restore."""


@backup.command()
def store() -> None:
    """Write each new dump's checksum, copy what the bucket lacks, and delete all but the newest of both."""
    settings = BackupSettings.load()
    folder, bucket = Folder(settings.backup_dir), Bucket.of(settings)
    folder.seal()
    kept = folder.names()[: settings.backup_keep]
    if bucket is not None:
        # Also those that an earlier run could not upload.
        for name in sorted(set(kept) - set(bucket.names())):
            bucket.put(folder.path / name)
            click.echo(f"Copied {name} to the bucket {bucket.name}.")
    places: list[Folder | Bucket] = [folder, bucket] if bucket else [folder]
    for place in places:
        for name in place.names()[settings.backup_keep :]:
            place.remove(name)
    _remove_leftovers(folder.path)
    click.echo(f"{kept[0]} is the newest of {len(kept)} backups.")


def _remove_leftovers(folder: Path) -> None:
    """What a pod that was killed has left behind; younger ones may be another's that still writes."""
    oldest = time.time() - LEFTOVER_SECONDS
    for file in folder.glob("*.partial"):
        if file.stat().st_mtime < oldest:
            file.unlink()


@backup.command()
@click.argument("file", required=False, default="")
@click.option("--link", type=click.Path(path_type=Path), required=True, help="Make this a link to the file.")
def fetch(file: str, link: Path) -> None:
    """Find FILE, or the newest backup, in the folder or the bucket, and check that it is whole."""
    settings = BackupSettings.load()
    folder, bucket = Folder(settings.backup_dir), Bucket.of(settings)
    if file and not NAME.fullmatch(file):
        raise BackupError(f"{file!r} is no backup's name: one is bookstore-20260131T021700Z.dump.")
    near = folder.names()
    far = bucket.names() if bucket else []
    known = sorted({*near, *far}, reverse=True)
    if not known:
        raise BackupError("There is no backup to restore.")
    name = file or known[0]
    if name not in known:
        raise BackupError(f"There is no backup {name}. The newest are {', '.join(known[:5])}.")
    if bucket and name not in near:
        folder.path.mkdir(parents=True, exist_ok=True)
        bucket.get(name, folder.path)
    found = folder.check(name)
    link.unlink(missing_ok=True)
    link.symlink_to(found)
    click.echo(f"{name} is whole.")
