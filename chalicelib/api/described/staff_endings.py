"""The end of the service, as staff see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.api.shapes import COUNT, TEXT, TIME, choice, or_null, page, thing
from chalicelib.records.discontinuation import EndingState

SHAPES: Final[Mapping[str, dict[str, Any]]] = {
    "Ending": thing(
        "One end of the service: when it is, who was told, how many companies are erased.",
        id=TEXT,
        state=choice(EndingState),
        wanted_at=TIME,
        ends_at={**TIME, "description": "30 full days after the last notice was accepted, or later."},
        words=thing("Public words of the operator.", en=TEXT, zh=TEXT),
        proposed_by=TEXT,
        proposed_at=TIME,
        confirmed_by=or_null(TEXT),
        confirmed_at=or_null(TIME),
        workflow_id=or_null(TEXT),
        announcement_id=or_null(TEXT),
        mass_id={**or_null(TEXT), "description": "The notices to everybody."},
        announced_at=or_null(TIME),
        all_told_at={**or_null(TIME), "description": "When everybody who was there had been told."},
        last_accepted_at=or_null(TIME),
        people=COUNT,
        accepted=COUNT,
        refused=COUNT,
        unreachable=COUNT,
        taken_back_by=or_null(TEXT),
        taken_back_at=or_null(TIME),
        closed_at=or_null(TIME),
        companies=COUNT,
        certified={**COUNT, "description": "Erased, and their certificate has gone out."},
        held={**COUNT, "description": "Erased but for what a legal matter keeps."},
        unfinished=COUNT,
        emptied={**COUNT, "description": "Rows of the operator's own base that were deleted."},
        over_at=or_null(TIME),
    ),
    "Endings": page("Ending"),
}

EXAMPLES: Final[Mapping[str, dict[str, Any]]] = {
    "NewEnding": {
        "ends_on": "2027-06-01",
        "words": {
            "en": "We stop running this service. Please export what you need until then.",
            "zh": "我们将停止运营本服务,请在此之前导出您需要的内容。",
        },
    },
}
