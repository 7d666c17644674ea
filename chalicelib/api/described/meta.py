"""What every part of the API has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.api.shapes import TEXT, many, thing

SHAPES: Final[Mapping[str, dict[str, Any]]] = {
    "Problem": {
        **thing(
            "What went wrong (RFC 9457).",
            type=TEXT,
            title=TEXT,
            status={"type": "integer"},
            code=TEXT,
            request_id=TEXT,
            errors=many(thing("One field that cannot be taken.", field=TEXT, code=TEXT)),
            clause={**TEXT, "description": "The promise of the policy that says no."},
        ),
        "required": ["type", "title", "status", "code", "request_id"],
    },
    "Health": thing("The front door is open.", status={"const": "ok"}),
}
