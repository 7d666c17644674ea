"""Exports of contacts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.api.shapes import COUNT, TEXT, TIME, choice, many, or_null, thing
from chalicelib.records.exports import ExportState

SHAPES: Final[Mapping[str, dict[str, Any]]] = {
    "ExportAsked": thing("An export that has begun.", id=TEXT),
    "Export": thing(
        "An export of contacts, for the session that asked.",
        id=TEXT,
        state={
            **choice(ExportState),
            "description": "`dropped`: somebody who may have been in it was erased; please export again.",
        },
        asked_at=TIME,
        progress=thing(
            "How many contacts are in files so far.",
            rows=COUNT,
            left_out={**COUNT, "description": "Kept from this user by the company's rules."},
        ),
        files=many(
            thing(
                "A CSV file.",
                number={"type": "integer", "minimum": 1},
                rows=COUNT,
                url={"type": "string", "format": "uri", "description": "Opens with the same session only."},
            )
        ),
        expires_at={**or_null(TIME), "description": "Until then the files can be fetched."},
    ),
}
