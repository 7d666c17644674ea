"""Loads of the operator's base of prospects, and complaints about it that companies passed on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.api.shapes import COUNT, DAY, TEXT, TIME, YES_NO, choice, or_null, page, thing
from chalicelib.records.agreements import WithdrawalWhy
from chalicelib.records.loads import FileFormat, Informing, LoadState

_LOAD: Final[Mapping[str, Any]] = {
    "id": TEXT,
    "state": choice(LoadState),
    "format": choice(FileFormat),
    "source": TEXT,
    "collected_on": DAY,
    "ground": {"type": "string", "enum": ["legitimate_interest"]},
    "balancing": TEXT,
    "informing": choice(Informing),
    "informing_note": TEXT,
    "made_by": TEXT,
    "made_at": TIME,
    "started_by": or_null(TEXT),
    "started_at": or_null(TIME),
    "ended_at": or_null(TIME),
    "reason": {**or_null(TEXT), "description": "Why it stopped; with a number, which column."},
    "progress": thing(
        "How far it is. `taken` and `refreshed` count rows, by whether the base had them before this load.",
        bytes=COUNT,
        of_bytes=COUNT,
        rows=COUNT,
        taken=COUNT,
        refreshed=COUNT,
        refused=COUNT,
    ),
}

_COMPLAINT: Final[Mapping[str, Any]] = {
    "id": TEXT,
    "company_id": {**TEXT, "description": "Who passed it on, and gets no credit back for it."},
    "prospect_id": TEXT,
    "kind": {
        "type": "string",
        "enum": [one.value for one in WithdrawalWhy if one is not WithdrawalWhy.TAKEN_BACK],
    },
    "received_at": {
        **TIME,
        "description": "By the company, as it says: the clock of the law runs from here.",
    },
    "passed_on_at": TIME,
    "due_at": TIME,
    "overdue": YES_NO,
}

SHAPES: Final[Mapping[str, dict[str, Any]]] = {
    "Load": thing("A file on its way into the base.", **_LOAD),
    "LoadPage": page("Load"),
    "LoadAccepted": thing(
        "The ground is on record; the file is wanted.",
        **_LOAD,
        upload=thing(
            "POST the file there as multipart form data, all fields first, `file` last.",
            url=TEXT,
            fields={"type": "object", "additionalProperties": TEXT},
        ),
    ),
    "RefusedRow": thing("A row that was not taken in.", row=COUNT, column=or_null(TEXT), code=TEXT),
    "RefusedRowPage": page("RefusedRow"),
    "StaffProspectComplaintLine": thing("A complaint that waits. Nothing personal.", **_COMPLAINT),
    "StaffProspectComplaintPage": page("StaffProspectComplaintLine"),
    "StaffProspectComplaint": thing(
        "A complaint as staff see it.",
        **_COMPLAINT,
        passed_on_by=TEXT,
        details=or_null(TEXT),
        closed_at=or_null(TIME),
        closed_by=or_null(TEXT),
        note=or_null(TEXT),
    ),
}

EXAMPLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "ComplaintNote": {"note": "The company named the list it had shared from; it has taken the share back."},
    "NewLoad": {
        "format": "csv",
        "source": "Register of exhibitors, Bremen 2026",
        "collected_on": "2026-10-01",
        "ground": "legitimate_interest",
        "balancing": "Business contacts that exhibitors published themselves, so that buyers write to them.",
        "informing": "given",
        "informing_note": "Each exhibitor was told in the terms of the fair, section 9, before publication.",
    },
}
