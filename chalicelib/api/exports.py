"""Exporting contacts to CSV: a short list at once, a long one as a job whose files one session can fetch."""

from __future__ import annotations

from typing import Any, Final

from chalice import Blueprint, Response

from chalicelib.api.endpoint import HEADERS, Call, route
from chalicelib.kernel import clock, settings
from chalicelib.kernel.errors import NotFoundError
from chalicelib.privacy.permissions import Permission
from chalicelib.records.exports import Export
from chalicelib.services.contacts import exporting
from chalicelib.services.contacts.exporting import Csv

bp = Blueprint(__name__)

_EXPORT: Final = Permission.CONTACTS_EXPORT
_CLAUSES: Final = ("stored", "restrictions")
_MAX_DIGITS: Final = 4


@route(
    bp,
    "GET",
    "/v1/contacts/export",
    summary="All contacts as CSV, up to a thousand",
    clauses=_CLAUSES,
    permission=_EXPORT,
    errors=(409, 429),
)
def export_contacts(call: Call) -> Response:
    """UTF-8 with a byte order mark, every cell quoted, no cell a formula. What the company's rules keep from
    the user is left out; `Okki-Left-Out` says how many. 409 `too_many` for a longer list: ask for a job.
    """
    return _csv(exporting.take(call.who), "okki-leads-contacts.csv")


@route(
    bp,
    "POST",
    "/v1/contacts/exports",
    summary="Start an export of all contacts",
    status=202,
    repeatable=True,
    clauses=_CLAUSES,
    permission=_EXPORT,
    answer="ExportAsked",
    errors=(429,),
)
def ask_for_export(call: Call) -> dict[str, Any]:
    """A job; its files are for the session that asked and for no other."""
    return {"id": exporting.ask(call.who, call.repeat)}


@route(
    bp,
    "GET",
    "/v1/contacts/exports/{export_id}",
    summary="How far an export is, and its files",
    clauses=_CLAUSES,
    permission=_EXPORT,
    answer="Export",
)
def read_export(call: Call) -> dict[str, Any]:
    """Files are listed once all of them are there, for a quarter of an hour."""
    return _export(exporting.read(call.who, call.path["export_id"]))


@route(
    bp,
    "POST",
    "/v1/contacts/exports/{export_id}/cancel",
    summary="End an export and delete its files",
    clauses=_CLAUSES,
    permission=_EXPORT,
    answer="Export",
)
def cancel_export(call: Call) -> dict[str, Any]:
    """Repeatable; one that is over stays as it is."""
    return _export(exporting.cancel(call.who, call.path["export_id"]))


@route(
    bp,
    "GET",
    "/v1/contacts/exports/{export_id}/files/{number}",
    summary="One file of an export",
    clauses=_CLAUSES,
    permission=_EXPORT,
    errors=(409, 429),
)
def fetch_export(call: Call) -> Response:
    """CSV as in the short export, up to 20,000 contacts a file. Each time it is fetched is put on record."""
    number = call.path["number"]
    if not (number.isascii() and number.isdecimal() and len(number) <= _MAX_DIGITS):
        raise NotFoundError
    made = exporting.fetch(call.who, call.path["export_id"], int(number))
    return _csv(made, f"okki-leads-contacts-{int(number)}.csv")


def _csv(made: Csv, name: str) -> Response:
    own = {
        "Content-Type": "text/csv; charset=utf-8; header=present",
        "Content-Disposition": f'attachment; filename="{name}"',
        "Okki-Left-Out": str(made.left_out),
    }
    return Response(body=made.text, status_code=200, headers={**HEADERS, **own})


def _export(export: Export) -> dict[str, Any]:
    now = clock.now()
    state, until = export.state_at(now), export.fetched_until
    place = f"{settings.api_url()}/v1/contacts/exports/{export.export_id}/files"
    ready = until is not None and now < until and state is export.state
    return {
        "id": export.export_id,
        "state": state.value,
        "asked_at": clock.rfc3339(export.asked_at),
        "progress": {"rows": export.rows, "left_out": export.left_out},
        "files": [
            {"number": number, "rows": rows, "url": f"{place}/{number}"}
            for number, rows in enumerate(export.files if ready else (), 1)
        ],
        "expires_at": clock.rfc3339(until) if ready and until is not None else None,
    }
