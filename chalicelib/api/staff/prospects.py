"""The operator's base of prospects: loads and what became of them; complaints that companies passed on."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final, Literal

from chalice import Blueprint
from pydantic import StringConstraints

from chalicelib.api.endpoint import Call, page, route
from chalicelib.api.forms import Form, Line, Text
from chalicelib.api.requests import Words
from chalicelib.kernel import clock, ids
from chalicelib.kernel.errors import FieldError, InvalidError
from chalicelib.privacy import clocks
from chalicelib.privacy.personnel import Right
from chalicelib.records.agreements import OpenProspectComplaint, ProspectComplaint
from chalicelib.records.loads import FileFormat, Informing, Load, RefusedRow
from chalicelib.services.prospects import complaints, loads
from chalicelib.services.prospects.loads import Ground

bp = Blueprint(__name__)

_RIGHT: Final = Right.PROSPECTS

Note = Annotated[Text, StringConstraints(strip_whitespace=True, min_length=20, max_length=2_000)]
"""A reason in words; too short a one is none. About the file as a whole, never about a person."""
Day = Annotated[str, StringConstraints(pattern=r"^20[0-9]{2}-[01][0-9]-[0-3][0-9]$")]


class ComplaintNote(Form):
    """What was done about a complaint."""

    note: Words


class NewLoad(Form):
    """The ground on which a file comes into the base."""

    format: Literal["csv", "jsonl"]
    source: Annotated[Line, StringConstraints(max_length=80)]
    collected_on: Day
    ground: Literal["legitimate_interest"]
    balancing: Note
    informing: Literal["given", "exempt_disproportionate"]
    informing_note: Note


@route(
    bp,
    "POST",
    "/v1/staff/prospects/loads",
    summary="State the ground of a file of prospects, and get the form to put it there",
    status=202,
    body=NewLoad,
    staff=_RIGHT,
    clauses=("stocked-prospects",),
    answer="LoadAccepted",
)
def create_load(call: Call) -> dict[str, Any]:
    """Send the file as `upload` says within a quarter of an hour: UTF-8, at most 100 MB and 100,000 rows, the
    columns `business_name` (required), `address`, `website`, `profile`, `contact_numbers`, `company_social`,
    `name`, `position`, `affiliation`, `email`, `phone`, `industry`, `country` and no other. Nothing is read
    before somebody else starts the load.
    """
    form: NewLoad = call.body
    ground = Ground(
        file_format=FileFormat(form.format),
        source=form.source,
        collected_on=_day(form.collected_on),
        balancing=form.balancing,
        informing=Informing(form.informing),
        informing_note=form.informing_note,
    )
    load, upload = loads.create(call.staff, ground)
    return {**_load(load), "upload": upload}


@route(
    bp,
    "GET",
    "/v1/staff/prospects/loads",
    summary="Loads, the newest first",
    paged="ld",
    staff=_RIGHT,
    clauses=("stocked-prospects",),
    answer="LoadPage",
)
def list_loads(call: Call) -> dict[str, Any]:
    """With how far each has come."""
    return page(call, loads.page(call.limit + 1, call.cursor), lambda one: one.load_id, _load)


@route(
    bp,
    "GET",
    "/v1/staff/prospects/loads/{load_id}",
    summary="One load, and how far it has come",
    staff=_RIGHT,
    clauses=("stocked-prospects",),
    answer="Load",
)
def read_load(call: Call) -> dict[str, Any]:
    """`reason` says why one stopped; with a number, which column (counted from 1)."""
    return _load(loads.read(call.path["load_id"]))


@route(
    bp,
    "POST",
    "/v1/staff/prospects/loads/{load_id}/start",
    summary="Accept the ground of somebody else's load and let it begin",
    status=202,
    staff=_RIGHT,
    clauses=("stocked-prospects",),
    answer="Load",
)
def start_load(call: Call) -> dict[str, Any]:
    """403 `own_load` for whoever stated the ground; 409 `no_file`, `load_over`. One that runs and has stuck
    goes on where it was.
    """
    return _load(loads.start(call.staff, call.path["load_id"]))


@route(
    bp,
    "POST",
    "/v1/staff/prospects/loads/{load_id}/cancel",
    summary="End a load where it is",
    staff=_RIGHT,
    clauses=("stocked-prospects",),
    answer="Load",
)
def cancel_load(call: Call) -> dict[str, Any]:
    """What it has brought stays, under the ground on record. 409 `load_over`."""
    return _load(loads.cancel(call.staff, call.path["load_id"]))


@route(
    bp,
    "GET",
    "/v1/staff/prospects/loads/{load_id}/refused",
    summary="Rows that were not taken in, in the order of the file",
    paged=True,
    staff=_RIGHT,
    clauses=("stocked-prospects",),
    answer="RefusedRowPage",
)
def list_refused_rows(call: Call) -> dict[str, Any]:
    """Number, column and code of each, never what stood there; for a week."""
    after = 0
    if call.cursor is not None:
        if not (call.cursor.isascii() and call.cursor.isdecimal() and len(call.cursor) < 10):
            raise InvalidError(errors=[FieldError("cursor", "malformed")])
        after = int(call.cursor)
    found = loads.refused(call.path["load_id"], call.limit + 1, after)
    return page(call, found, lambda one: str(one.number), _refused)


@route(
    bp,
    "GET",
    "/v1/staff/prospects/complaints",
    summary="Complaints that companies passed on and nobody has closed, the first due first",
    paged=True,
    staff=Right.REQUESTS,
    clauses=("joint-duties", "requests"),
    answer="StaffProspectComplaintPage",
)
def list_prospect_complaints(call: Call) -> dict[str, Any]:
    """Nothing personal. The withdrawal began when each was passed on; who it says so of how many people is
    for somebody to see. The cursor names the last one seen.
    """
    found = complaints.page(call.limit + 1, _after(call.cursor))
    return page(call, found, lambda one: f"{one.due_at}.{one.complaint_id}", _complaint_line)


@route(
    bp,
    "GET",
    "/v1/staff/prospects/complaints/{complaint_id}",
    summary="One complaint in the words that the company passed on",
    staff=Right.REQUESTS,
    clauses=("joint-duties", "requests", "access"),
    answer="StaffProspectComplaint",
)
def read_prospect_complaint(call: Call) -> dict[str, Any]:
    """Opened for the duty of section 8 and for nothing else; that it was read is on record."""
    return _complaint(complaints.read(call.path["complaint_id"], by=call.staff.staff_id))


@route(
    bp,
    "POST",
    "/v1/staff/prospects/complaints/{complaint_id}/close",
    summary="Note what was done about a complaint, and take it off the list",
    body=ComplaintNote,
    staff=Right.REQUESTS,
    clauses=("joint-duties", "requests"),
    answer="StaffProspectComplaint",
    errors=(409,),
)
def close_prospect_complaint(call: Call) -> dict[str, Any]:
    """409 `not_open`. What was withdrawn stays so."""
    by = call.staff.staff_id
    return _complaint(complaints.close(call.path["complaint_id"], call.body.note, by=by))


def _after(cursor: str | None) -> tuple[int, str] | None:
    if cursor is None:
        return None
    due_at, _, complaint_id = cursor.partition(".")
    if not (due_at.isascii() and due_at.isdecimal() and len(due_at) < 13 and ids.is_id(complaint_id, "cmp")):
        raise InvalidError(errors=[FieldError("cursor", "malformed")])
    return int(due_at), complaint_id


def _complaint_line(one: OpenProspectComplaint) -> dict[str, Any]:
    return {
        "id": one.complaint_id,
        "company_id": one.company_id,
        "prospect_id": one.prospect_id,
        "kind": one.wish.value,
        "received_at": clock.rfc3339(one.came_at),
        "passed_on_at": clock.rfc3339(one.passed_on_at),
        "due_at": clock.rfc3339(one.due_at),
        "overdue": clock.now() >= one.due_at,
    }


def _complaint(one: ProspectComplaint) -> dict[str, Any]:
    due_at = max(one.due_at, 0)
    return {
        "id": one.complaint_id,
        "company_id": one.company_id,
        "passed_on_by": one.passed_on_by,
        "prospect_id": one.prospect_id,
        "kind": one.wish.value,
        "received_at": clock.rfc3339(one.came_at),
        "passed_on_at": clock.rfc3339(one.passed_on_at),
        "due_at": clock.rfc3339(due_at),
        "overdue": one.closed_at is None and clock.now() >= due_at,
        "details": one.details,
        "closed_at": clock.rfc3339(one.closed_at),
        "closed_by": one.closed_by,
        "note": one.note,
    }


def _day(text: str) -> str:
    """A day that there was. Raises InvalidError."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise InvalidError(errors=[FieldError("collected_on", "malformed")]) from None
    if day > clocks.day(clock.now()):
        raise InvalidError(errors=[FieldError("collected_on", "in_the_future")])
    return day.isoformat()


def _load(load: Load) -> dict[str, Any]:
    return {
        "id": load.load_id,
        "state": load.state.value,
        "format": load.file_format.value,
        "source": load.source,
        "collected_on": load.collected_on,
        "ground": "legitimate_interest",
        "balancing": load.balancing,
        "informing": load.informing.value,
        "informing_note": load.informing_note,
        "made_by": load.made_by,
        "made_at": clock.rfc3339(load.made_at),
        "started_by": load.started_by,
        "started_at": clock.rfc3339(load.started_at),
        "ended_at": clock.rfc3339(load.ended_at),
        "reason": load.reason,
        "progress": {
            "bytes": load.offset,
            "of_bytes": load.size,
            "rows": load.rows,
            "taken": load.taken,
            "refreshed": load.refreshed,
            "refused": load.refused,
        },
    }


def _refused(row: RefusedRow) -> dict[str, Any]:
    return {"row": row.number, "column": row.column, "code": row.code}
