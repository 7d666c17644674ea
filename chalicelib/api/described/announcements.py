"""What we say in public."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.api.shapes import TEXT, TIME, choice, many, or_null, thing
from chalicelib.privacy.notifications import Kind

SHAPES: Final[Mapping[str, dict[str, Any]]] = {
    "Announcements": thing(
        "What we say in public at this moment.",
        items=many(
            thing(
                "One announcement, in one language.",
                id=TEXT,
                kind=choice(Kind),
                title=TEXT,
                text={**TEXT, "description": "Plain text."},
                published_at=TIME,
                changed_at={**or_null(TIME), "description": "When it was last said in other words."},
            )
        ),
    ),
}
