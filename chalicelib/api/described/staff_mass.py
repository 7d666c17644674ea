"""Notices to many people, as staff see them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.api.shapes import COUNT, TEXT, TIME, choice, or_null, page, thing
from chalicelib.privacy.notifications import Kind
from chalicelib.records.mass import Audience, MassState

SHAPES: Final[Mapping[str, dict[str, Any]]] = {
    "MassNotice": thing(
        "One notice to many people: how far it is, in numbers.",
        id=TEXT,
        kind=choice(Kind),
        about={**TEXT, "description": "The version, incident, end or successor it is about."},
        audience=choice(Audience),
        state=choice(MassState),
        people={**COUNT, "description": "Everybody who was written to, or should have been."},
        accepted={**COUNT, "description": "SES took the mail for delivery, and it did not come back."},
        refused={**COUNT, "description": "SES would not take the mail; it is tried again."},
        unreachable={**COUNT, "description": "The mail came back."},
        unknown={**COUNT, "description": "Nobody can say any more whether the mail left."},
        passed_by={
            **COUNT,
            "description": "Listed, not written to: gone, or the company is gone or could not be opened.",
        },
        unreadable_companies={**COUNT, "description": "Companies whose rows could not be opened."},
        last_accepted_at=or_null(TIME),
        cost_microdollars=COUNT,
        per_second=COUNT,
        began_at=TIME,
        rounds_until={**or_null(TIME), "description": "Until then, who joins is told as well."},
        finished_at=or_null(TIME),
    ),
    "MassNoticePage": page("MassNotice"),
}

EXAMPLES: Final[Mapping[str, dict[str, Any]]] = {"MassPace": {"per_second": 10}}
