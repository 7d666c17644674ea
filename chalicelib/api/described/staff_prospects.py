"""Loads of the operator's base of prospects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.api.shapes import COUNT, DAY, TEXT, TIME, choice, or_null, page, thing
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
}

EXAMPLES: Final[Mapping[str, Mapping[str, Any]]] = {
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
