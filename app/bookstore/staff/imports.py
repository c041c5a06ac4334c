"""Uploaded catalogue files: kept in the database, tried, and imported once somebody has looked at the trial.

The work is done by a thread of the process that was asked, batch by batch; a batch and the line that it reached are one
transaction. So what a killed process leaves is whole, and whoever looks next has the rest done, from that line on.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import timedelta
from threading import Thread
from typing import Any

import structlog
from flask import Flask, current_app
from sqlalchemy import Row, delete, func, select
from sqlalchemy.orm import Session

from bookstore import audit, pagination
from bookstore.catalogue.csv_rows import (
    DEFAULT_PRICE_CENTS,
    DEFAULT_STOCK,
    CatalogueFile,
    NotACatalogue,
    Rejected,
)
from bookstore.catalogue.importing import Batch, Report, batches, import_batch
from bookstore.db import ReadSession, reading, unit_of_work
from bookstore.errors import Conflict, NotFound
from bookstore.health import draining
from bookstore.staff.import_models import CatalogueImport, ImportState

WORKING = (ImportState.CHECKING, ImportState.IMPORTING)
AFTER = {ImportState.CHECKING: ImportState.CHECKED, ImportState.IMPORTING: ImportState.DONE}
KEPT = timedelta(days=30)
# Longer than a batch takes: nobody works on an import that stood still for so long.
ABANDONED = timedelta(seconds=15)
EXAMPLES = 20
LONGEST_NAME = 200
NEWEST = "newest_imports"
NO_SUCH_IMPORT = "There is no such import: it may have been forgotten after 30 days."
LISTED = tuple(column for column in CatalogueImport.__table__.columns if column.name != "content")
log = structlog.get_logger(__name__)


def add(session: Session, filename: str, content: bytes, actor: str) -> int:
    """Keep a file, to be tried; gives its id. Files of more than 30 days ago are forgotten."""
    name = "".join(letter for letter in filename if letter.isprintable())[:LONGEST_NAME] or "catalogue.csv"
    session.execute(delete(CatalogueImport).where(CatalogueImport.created_at < func.now() - KEPT))
    upload = CatalogueImport(
        filename=name, content=content, lines=content.count(b"\n"), actor=actor, state=ImportState.CHECKING
    )
    session.add(upload)
    session.flush()
    audit.record(session, "import.upload", f"import:{upload.id}", by=actor, file=name, bytes=len(content))
    return upload.id


def confirm(session: Session, import_id: int) -> None:
    """Have a tried file imported; raises NotFound, and Conflict for one that is not waiting for that."""
    upload = session.scalar(select(CatalogueImport).where(CatalogueImport.id == import_id).with_for_update())
    if upload is None:
        raise NotFound(NO_SUCH_IMPORT)
    if upload.state != ImportState.CHECKED:
        raise Conflict("This import does not wait for anybody to start it: see below how far it is.")
    upload.state, upload.line, upload.examples = ImportState.IMPORTING, 0, []
    upload.added = upload.updated = upload.unchanged = upload.rejected = 0
    session.flush()
    audit.record(session, "import.start", f"import:{import_id}", file=upload.filename)


def recent(session: ReadSession, limit: int, cursor: str | None = None) -> pagination.Page:
    """One page of the uploads, the newest first; raises BadRequest for a forged cursor."""
    return pagination.by_id(session, select(*LISTED), CatalogueImport.id, NEWEST, limit, cursor)


def read(session: ReadSession, import_id: int) -> Row[Any]:
    """One upload without its content, and whether it is `abandoned`; raises NotFound."""
    abandoned = CatalogueImport.state.in_(WORKING) & (CatalogueImport.updated_at < func.now() - ABANDONED)
    columns: tuple[Any, ...] = (*LISTED, abandoned.label("abandoned"))
    statement = select(*columns).where(CatalogueImport.id == import_id)
    row = session.execute(statement).one_or_none()
    if row is None:
        raise NotFound(NO_SUCH_IMPORT)
    return row


def start(import_id: int) -> None:
    """Work on an import without waiting for it. Two who work on the same one do nothing twice."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001  # Flask's own advice
    # A daemon, so that a process that is told to stop does stop: the rest is done later.
    Thread(target=_work_alone, args=(app, import_id), name=f"import-{import_id}", daemon=True).start()


def _work_alone(app: Flask, import_id: int) -> None:
    with app.app_context():
        try:
            work(import_id)
        except Exception:
            log.exception("import_interrupted", import_id=import_id)


def work(import_id: int) -> None:
    """Do what an import waits for, until it is done, the process is told to stop, or another is found at it."""
    with reading() as session:
        upload = read(session, import_id)
    if upload.state not in WORKING:
        return
    state, line = ImportState(upload.state), upload.line
    try:
        file = catalogue_file(import_id)
    except NotACatalogue as problem:
        _finish(import_id, state, line, ImportState.REFUSED, str(problem))
        return
    for batch in batches(row for row in file if row.line > line):
        if draining.is_set() or not _work_on(import_id, state, line, batch, file.fields):
            return
        line = batch.rows[-1].line
    _finish(import_id, state, line, AFTER[state])


def catalogue_file(import_id: int) -> CatalogueFile:
    """The uploaded file, to read; raises NotACatalogue, and NotFound."""
    with reading() as session:
        content = session.scalar(select(CatalogueImport.content).where(CatalogueImport.id == import_id))
    if content is None:
        raise NotFound(NO_SUCH_IMPORT)
    defaults = {
        "currency": current_app.config["SETTINGS"].currency,
        "price_cents": DEFAULT_PRICE_CENTS,
        "stock": DEFAULT_STOCK,
    }
    lines = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", errors="surrogateescape", newline="")
    return CatalogueFile(lines, defaults)


def _work_on(import_id: int, state: ImportState, line: int, batch: Batch, fields: frozenset[str]) -> bool:
    """Try or import a batch and note how far it got; False where another was there first."""
    with unit_of_work() as session:
        upload = _locked(session, import_id, state, line)
        if upload is None:
            return False
        report = Report()
        import_batch(
            session,
            batch,
            fields,
            report,
            dry_run=state is ImportState.CHECKING,
            reference=f"import {import_id}",
            actor=upload.actor,
        )
        for name, count in vars(report).items():
            setattr(upload, name, getattr(upload, name) + count)
        rejected = [[row.line, row.reason] for row in batch.rejected]
        upload.examples = [*upload.examples, *rejected][:EXAMPLES]
        upload.line = batch.rows[-1].line
    return True


def _finish(import_id: int, state: ImportState, line: int, after: ImportState, problem: str | None = None) -> None:
    with unit_of_work() as session:
        upload = _locked(session, import_id, state, line)
        if upload is not None:
            upload.state, upload.problem = after, problem


def _locked(session: Session, import_id: int, state: ImportState, line: int) -> CatalogueImport | None:
    """The upload, locked, if it is still as far as that."""
    same = (CatalogueImport.id == import_id, CatalogueImport.state == state, CatalogueImport.line == line)
    return session.scalar(select(CatalogueImport).where(*same).with_for_update())


def rejected_rows(import_id: int) -> Iterator[bytes]:
    """The rows of a file that cannot be imported, as CSV: line, reason, and the row as it was.

    Raises NotFound, and Conflict for a file that cannot be read at all.
    """
    try:
        return _rejected(catalogue_file(import_id))
    except NotACatalogue as problem:
        raise Conflict(f"This file was refused as a whole. {problem}") from None


def _rejected(file: CatalogueFile) -> Iterator[bytes]:
    yield from csv_lines([["line", "reason", *file.header]])
    yield from csv_lines([row.line, row.reason, *row.cells] for row in file if isinstance(row, Rejected))


def csv_lines(rows: Iterable[Iterable[Any]]) -> Iterator[bytes]:
    """Rows as the bytes of a CSV file; what was not UTF-8 comes out as it went in."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    for row in rows:
        writer.writerow(row)
        yield buffer.getvalue().encode(errors="surrogateescape")
        buffer.seek(0)
        buffer.truncate()
