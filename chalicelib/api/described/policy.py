"""The policy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.api.shapes import DAY, TEXT, thing

SHAPES: Final[Mapping[str, dict[str, Any]]] = {
    "Policy": thing(
        "A version of the privacy policy.",
        version=TEXT,
        effective_on=DAY,
        url={"type": "string", "format": "uri"},
    ),
}
