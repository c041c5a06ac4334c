"""/api/v1/imports: a catalogue file in, after a look at what it would do; and the whole catalogue out."""

from typing import Any

from flask import Response, g, url_for
from sqlalchemy import Row

from bookstore.catalogue import exporting
from bookstore.db import ReadSession, reading, unit_of_work
from bookstore.errors import BadRequest, Conflict, InvalidInput, NotFound
from bookstore.staff import imports
from bookstore.staff.schemas import ImportList, ImportListQuery, ImportOut, ImportPath, RejectedRow, UploadQuery
from bookstore.web import Api, CsvFile, Reply, csv_file, next_page

api = Api("imports_api", __name__, url_prefix="/api/v1")
SCOPE = "catalogue"


@api.operation("GET", "/imports", answer=ImportList, scope=SCOPE, errors=[BadRequest])
def list_imports(session: ReadSession, query: ImportListQuery) -> ImportList:
    """List the catalogue files of the last 30 days, the newest first."""
    page = imports.recent(session, query.limit, query.cursor)
    return ImportList(items=[_shown(row) for row in page.rows], next=next_page(page.next_cursor))


@api.operation("POST", "/imports", answer=ImportOut, status=201, scope=SCOPE)
def upload_import(query: UploadQuery, file: bytes) -> Reply:
    """Upload a CSV file, whose first line names the columns; nothing is changed yet.

    It is tried at once: read the import until its state is `checked`, look at what it would do, and start it.
    """
    if not file.strip():
        raise InvalidInput("The file is empty.")
    with unit_of_work() as session:
        import_id = imports.add(session, query.filename, file, g.actor)
    imports.start(import_id)
    return Reply(_read(import_id), 201, {"Location": url_for("imports_api.read_import", id=import_id)})


@api.operation("GET", "/imports/<id>", answer=ImportOut, scope=SCOPE, errors=[NotFound])
def read_import(path: ImportPath) -> ImportOut:
    """Read how far an import is, and what became of its rows."""
    return _read(path.id)


@api.operation("POST", "/imports/<id>/start", answer=ImportOut, scope=SCOPE, errors=[NotFound, Conflict])
def start_import(path: ImportPath) -> ImportOut:
    """Import what was tried; rows that were rejected are left out."""
    with unit_of_work() as session:
        imports.confirm(session, path.id)
    imports.start(path.id)
    return _read(path.id)


@api.operation("GET", "/imports/<id>/rejected.csv", answer=CsvFile, scope=SCOPE, errors=[NotFound, Conflict])
def download_rejected_rows(path: ImportPath) -> Response:
    """Download the rows that cannot be imported, with line and reason, to correct and upload."""
    return csv_file(imports.rejected_rows(path.id), f"import-{path.id}-rejected.csv")


@api.operation("GET", "/catalogue.csv", answer=CsvFile, scope=SCOPE)
def export_catalogue() -> Response:
    """Download every book, on sale or not, as a CSV file that can be imported again."""
    return csv_file(imports.csv_lines(exporting.rows()), "catalogue.csv")


def _read(import_id: int) -> ImportOut:
    with reading() as session:
        row = imports.read(session, import_id)
    if row.abandoned:
        imports.start(import_id)
    return _shown(row)


def _shown(row: Row[Any]) -> ImportOut:
    rejected_rows = [RejectedRow(line=line, reason=reason) for line, reason in row.examples]
    return ImportOut.model_validate({**row._mapping, "rejected_rows": rejected_rows})  # noqa: SLF001  # public in all but name
