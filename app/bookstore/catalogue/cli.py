"""`bookstore catalogue`."""

import os
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bookstore.admin.context import application
from bookstore.catalogue.csv_rows import DEFAULT_PRICE_CENTS, DEFAULT_STOCK, CatalogueFile, NotACatalogue
from bookstore.catalogue.importing import RejectedFile, import_rows

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar


@click.group()
def catalogue() -> None:
    """Look after the books."""


@catalogue.command("import")
@click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Report what would happen, and change nothing.")
@click.option("--default-price-cents", default=DEFAULT_PRICE_CENTS, show_default=True, type=click.IntRange(0, 10**9))
@click.option("--default-stock", default=DEFAULT_STOCK, show_default=True, type=click.IntRange(0, 10**9))
@click.option(
    "--rejected-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where rows that cannot be imported go, with line and reason.  [default: FILE's name, .rejected.csv]",
)
def import_(
    path: Path, *, dry_run: bool, default_price_cents: int, default_stock: int, rejected_file: Path | None
) -> None:
    """Import a CSV file whose first line names the columns: isbn, title, authors and any other field of a book.

    A book is found by its ISBN and updated; importing a file again changes nothing.
    """
    rejected_path = rejected_file or path.with_suffix(".rejected.csv")
    if not os.access(rejected_path.parent, os.W_OK):
        raise click.ClickException(f"Cannot write {rejected_path}: name another place with --rejected-file.")
    with application() as app, path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as source:
        defaults = {
            "currency": app.config["SETTINGS"].currency,
            "price_cents": default_price_cents,
            "stock": default_stock,
        }
        with click.progressbar(length=path.stat().st_size, label=f"Importing {path.name}") as bar:
            try:
                file = CatalogueFile(_counted(source, bar), defaults)
            except NotACatalogue as error:
                raise click.ClickException(f"{path}: {error}") from None
            try:
                with closing(RejectedFile(rejected_path, file.header)) as rejects:
                    report = import_rows(file, rejects.write, dry_run=dry_run)
            except OSError as error:
                raise click.ClickException(f"Cannot write {rejected_path}: {error.strerror}.") from None
    click.echo(f"{'Would be: ' if dry_run else ''}{report}")
    if report.rejected:
        click.echo(f"The rejected rows and the reasons are in {rejected_path}")


def _counted(lines: Iterable[str], bar: "ProgressBar[int]") -> Iterator[str]:
    """The lines, moving the bar by the bytes of each."""
    for line in lines:
        bar.update(len(line.encode(errors="surrogateescape")))
        yield line
