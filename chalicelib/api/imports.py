"""Importing contacts from CSV: a preview first, then the contacts, and for a week a way back."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from chalice import Blueprint
from pydantic import Field, StringConstraints

from chalicelib.api.contacts import LawfulBasis
from chalicelib.api.endpoint import Call, page, route
from chalicelib.api.forms import Form, Text
from chalicelib.kernel import clock
from chalicelib.kernel.errors import FieldError, InvalidError
from chalicelib.privacy.permissions import Permission
from chalicelib.records.imports import IfExists, Import, ImportState, RowState
from chalicelib.services.contacts import importing
from chalicelib.services.contacts.importing import Line, Wanted

bp = Blueprint(__name__)

ColumnNumber = Annotated[int, Field(ge=1, le=100)]
"""The place of a column, from 1."""


class ImportColumns(Form):
    """Which column holds what; a field without one is not taken."""

    name: ColumnNumber | None = None
    first_name: ColumnNumber | None = None
    last_name: ColumnNumber | None = None
    email: ColumnNumber | None = None
    company: ColumnNumber | None = None
    position: ColumnNumber | None = None
    country: ColumnNumber | None = None
    phone: ColumnNumber | None = None
    social: ColumnNumber | None = None


class NewImport(Form):
    """A list of contacts to come: on which ground, and how it is written where the guess was wrong."""

    lawful_basis: LawfulBasis
    csv: Annotated[Text, StringConstraints(min_length=1)] | None = None
    if_exists: Literal["skip", "update", "create"] = "skip"
    columns: ImportColumns | None = None
    header: bool | None = None
    encoding: (
        Literal["utf-8", "utf-16-le", "utf-16-be", "gb18030", "big5", "shift_jis", "windows-1252"] | None
    ) = None
    separator: Literal[",", ";", "\t", "|"] | None = None


class ImportCommit(Form):
    """Make contacts of the rows; what to do with those that are contacts already may be said anew."""

    if_exists: Literal["skip", "update", "create"] | None = None


@route(
    bp,
    "POST",
    "/v1/contacts/imports",
    summary="Import contacts from CSV",
    status=202,
    body=NewImport,
    clauses=("stored",),
    permission=Permission.CONTACTS_IMPORT,
    answer="BegunImport",
)
def begin_import(call: Call) -> dict[str, Any]:
    """With `csv` (200 KB of text) it is read at once. Otherwise send the file, up to 50 MB, to `upload` as a
    form with its fields first, within a quarter of an hour, and start the import. 100,000 rows at most.

    The file's name is not taken: people put names into it.
    """
    form: NewImport = call.body
    columns = None if form.columns is None else form.columns.model_dump(exclude_none=True)
    wanted = Wanted(
        basis=form.lawful_basis.basis,
        source=form.lawful_basis.source,
        if_exists=IfExists(form.if_exists),
        columns=columns or None,
        header=form.header,
        encoding=form.encoding,
        separator=form.separator,
    )
    begun = importing.begin(call.who, wanted, form.csv)
    return {**_import(begun.job), "upload": begun.upload}


@route(
    bp,
    "GET",
    "/v1/contacts/imports",
    summary="Imports of the last week, newest first",
    paged="imp",
    clauses=("stored",),
    permission=Permission.CONTACTS_IMPORT,
    answer="ImportPage",
)
def list_imports(call: Call) -> dict[str, Any]:
    """An import is forgotten after seven days; the contacts stay."""
    found = importing.page(call.who, call.limit + 1, call.cursor)
    return page(call, found, lambda one: one.import_id, _import)


@route(
    bp,
    "GET",
    "/v1/contacts/imports/{import_id}",
    summary="How far an import is",
    clauses=("stored",),
    permission=Permission.CONTACTS_IMPORT,
    answer="Import",
)
def read_import(call: Call) -> dict[str, Any]:
    """Its state, what was guessed of the file, and how many rows are what."""
    return _import(importing.read(call.who, call.path["import_id"]))


@route(
    bp,
    "POST",
    "/v1/contacts/imports/{import_id}/start",
    summary="The file has been sent: read it",
    status=202,
    clauses=("stored",),
    permission=Permission.CONTACTS_IMPORT,
    answer="Import",
    errors=(409,),
)
def start_import(call: Call) -> dict[str, Any]:
    """409 `no_file` before the file is there, `wrong_state` when it has been started."""
    return _import(importing.start(call.who, call.path["import_id"]))


@route(
    bp,
    "GET",
    "/v1/contacts/imports/{import_id}/rows",
    summary="The preview, row by row",
    paged=True,
    clauses=("stored", "requests"),
    permission=Permission.CONTACTS_IMPORT,
    answer="ImportRowPage",
    errors=(409,),
)
def list_import_rows(call: Call) -> dict[str, Any]:
    """In the order of the file; with `state` only those. Rows are numbered as a spreadsheet shows them.

    A row that can be taken says what was read of it: look at a few names before you commit. One that cannot
    names its column and why. Of a row that must not be taken only the number is told. A page may be empty
    and not be the last.
    """
    state = call.request.query_params.get("state") if call.request.query_params else None
    if state is not None and state not in {one.value for one in RowState}:
        raise InvalidError(errors=[FieldError("state", "not_a_choice")])
    cursor = call.cursor or "0"
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= 6):
        raise InvalidError(errors=[FieldError("cursor", "malformed")])
    wanted = None if state is None else RowState(state)
    found, after = importing.lines(call.who, call.path["import_id"], wanted, call.limit, int(cursor))
    return {"items": [_line(one) for one in found], "next_cursor": None if after is None else str(after)}


@route(
    bp,
    "POST",
    "/v1/contacts/imports/{import_id}/commit",
    summary="Make contacts of the rows",
    status=202,
    body=ImportCommit,
    clauses=("stored", "requests", "restrictions"),
    permission=Permission.CONTACTS_IMPORT,
    answer="Import",
    errors=(409,),
)
def commit_import(call: Call) -> dict[str, Any]:
    """Rows of people who are contacts already are left out, put into the newest contact, or become another
    one. Who has asked to be forgotten since the preview stays out.
    """
    form: ImportCommit = call.body
    choice = None if form.if_exists is None else IfExists(form.if_exists)
    return _import(importing.commit(call.who, call.path["import_id"], choice))


@route(
    bp,
    "POST",
    "/v1/contacts/imports/{import_id}/revert",
    summary="Take back what an import made",
    status=202,
    clauses=("stored", "restrictions"),
    permission=Permission.CONTACTS_IMPORT,
    answer="Import",
    errors=(409,),
)
def revert_import(call: Call) -> dict[str, Any]:
    """Contacts it made go, unless somebody has changed them; contacts it updated stay as they are. Only for
    those who may delete contacts.
    """
    return _import(importing.revert(call.who, call.path["import_id"]))


@route(
    bp,
    "POST",
    "/v1/contacts/imports/{import_id}/cancel",
    summary="Forget an import before it is committed",
    status=202,
    clauses=("stored",),
    permission=Permission.CONTACTS_IMPORT,
    answer="Import",
    errors=(409,),
)
def cancel_import(call: Call) -> dict[str, Any]:
    """Its rows and its file go at once; what is sent with the form after that goes within two days."""
    return _import(importing.cancel(call.who, call.path["import_id"]))


def _import(job: Import) -> dict[str, Any]:
    percent = 0
    if job.state in {ImportState.COMMITTING, ImportState.REVERTING}:
        percent = 100 * job.finished // max(1, job.chunks)
    elif job.size:
        percent = 100 * min(job.offset, job.size) // job.size
    known = job.separator is not None and job.header is not None
    return {
        "id": job.import_id,
        "state": job.state.value,
        "failure": job.failure,
        "if_exists": job.if_exists.value,
        "lawful_basis": {"basis": job.basis, "source": job.source},
        "created_at": clock.rfc3339(job.created_at),
        "progress": {
            "percent": percent,
            "read": job.rows,
            "rows": None if job.state in _UNREAD else job.rows,
            "written": job.outcome.get("created", 0) + job.outcome.get("updated", 0),
        },
        "counts": {state.value: job.counts.get(state.value, 0) for state in RowState},
        "outcome": dict(sorted(job.outcome.items())),
        "guessed": {
            "encoding": job.encoding,
            "separator": job.separator,
            "header": job.header,
            "columns": dict(job.columns),
        }
        if known
        else None,
    }


_UNREAD = {ImportState.WAITING_FOR_FILE, ImportState.READING, ImportState.FAILED, ImportState.CANCELLED}


def _line(line: Line) -> dict[str, Any]:
    return {
        "row": line.row,
        "state": line.state.value,
        "column": line.column,
        "field": line.field,
        "code": line.code,
        "contact_id": line.contact_id,
        "name": line.name,
        "email": line.email,
        "company": line.company,
    }
