"""/staff/imports: a catalogue file in, after a look at what it would do; the whole catalogue out."""

from flask import Blueprint, Response, current_app, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from bookstore.catalogue import exporting
from bookstore.catalogue.csv_rows import DEFAULT_PRICE_CENTS, CatalogueRow
from bookstore.db import reading, unit_of_work
from bookstore.errors import Conflict, ContentTooLarge
from bookstore.staff import guard, imports
from bookstore.staff.import_models import ImportState
from bookstore.staff.roles import Role
from bookstore.web import csv_file

pages = Blueprint("staff_imports", __name__, url_prefix="/staff/imports")
SHOWN = 20
# What a form adds to the file that it sends.
FORM_BYTES = 10_000
LABELS = {
    ImportState.CHECKING: "being checked",
    ImportState.CHECKED: "checked, not imported",
    ImportState.IMPORTING: "being imported",
    ImportState.DONE: "imported",
    ImportState.REFUSED: "refused",
}


@pages.before_request
def only_managers() -> None:
    """A file can change every price."""
    guard.require(Role.MANAGER)


@pages.get("")
def overview() -> str:
    """The form to upload, and earlier uploads."""
    return _overview()


@pages.post("")
def upload() -> BaseResponse | tuple[str, int]:
    """Keep a file, and try it."""
    member = guard.require(Role.MANAGER)
    most = current_app.config["SETTINGS"].import_max_bytes
    request.max_content_length = most + FORM_BYTES
    file = request.files.get("file")
    content = file.read() if file else b""
    if len(content) > most:
        raise ContentTooLarge(f"The file has more than {most:,} bytes: split it, and upload one part after the other.")
    if not file or not content.strip():
        return _overview("Choose a CSV file that is not empty."), 422
    with unit_of_work() as session:
        import_id = imports.add(session, file.filename or "", content, member.actor)
    imports.start(import_id)
    return redirect(f"/staff/imports/{import_id}", 303)


@pages.get("/<int:import_id>")
def show(import_id: int) -> str:
    """How far an upload is; what a stopped process has left is gone on with."""
    return _page(import_id)


@pages.post("/<int:import_id>/start")
def start(import_id: int) -> BaseResponse | tuple[str, int]:
    """Import what was tried."""
    try:
        with unit_of_work() as session:
            imports.confirm(session, import_id)
    except Conflict as problem:
        return _page(import_id, problem.detail), 409
    imports.start(import_id)
    return redirect(f"/staff/imports/{import_id}", 303)


@pages.get("/<int:import_id>/rejected.csv")
def rejected(import_id: int) -> Response:
    """The rows that cannot be imported, with line and reason, to correct and upload."""
    return csv_file(imports.rejected_rows(import_id), f"import-{import_id}-rejected.csv")


@pages.get("/catalogue.csv")
def export() -> Response:
    """The whole catalogue."""
    return csv_file(imports.csv_lines(exporting.rows()), "catalogue.csv")


def _overview(problem: str | None = None) -> str:
    with reading() as session:
        uploads = imports.recent(session, SHOWN).rows
    return render_template(
        "staff/imports.html",
        uploads=uploads,
        labels=LABELS,
        problem=problem,
        columns=list(CatalogueRow.model_fields),
        default_price=DEFAULT_PRICE_CENTS,
        most=current_app.config["SETTINGS"].import_max_bytes,
    )


def _page(import_id: int, problem: str | None = None) -> str:
    with reading() as session:
        row = imports.read(session, import_id)
    if row.abandoned:
        imports.start(import_id)
    working = row.state in imports.WORKING
    return render_template(
        "staff/import.html", upload=row, labels=LABELS, working=working, State=ImportState, problem=problem
    )
