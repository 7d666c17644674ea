"""The end of a company's account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.api.shapes import COUNT, TEXT, TIME, YES_NO, many, or_null, ref, thing
from chalicelib.records.cancellation import CancellationState, Why

SHAPES: Final[Mapping[str, dict[str, Any]]] = {
    "Cancellation": thing(
        "Where the cancellation of a company stands.",
        id=or_null(TEXT),
        state={"type": "string", "enum": [*(state.value for state in CancellationState), "none"]},
        why={"type": ["string", "null"], "enum": [*(why.value for why in Why), None]},
        asked_by=or_null(TEXT),
        asked_at=or_null(TIME),
        cools_until=or_null(TIME),
        can_be_taken_back={**YES_NO, "description": "By whoever asks, at this moment."},
    ),
    "GoingCategory": thing(
        "What would go of one category of 2.2; `other` is about nobody.", category=TEXT, rows=COUNT
    ),
    "StayingThing": thing("What would stay, and why.", what=TEXT, why=TEXT, clause=TEXT, until=or_null(TIME)),
    "CancellationPreview": thing(
        "What a cancellation that is asked for now would mean; the times are the earliest possible.",
        goes=many(ref("GoingCategory")),
        rows=COUNT,
        stays=many(ref("StayingThing")),
        cools_until={**TIME, "description": "Until then it may be taken back."},
        export_until={
            **or_null(TIME),
            "description": "Until then contacts can be fetched with the mailed code. Null for a company whose"
            " data is stored only: it is offered no final export.",
        },
        unreadable_at=TIME,
        unrecoverable_at=TIME,
    ),
}

EXAMPLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "NewCancellation": {"understood": True},
    "FinalExportCode": {"code": "x" * 43},
}
