"""The policy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.api.shapes import DAY, TEXT, many, or_null, thing

_URI: Final = {"type": "string", "format": "uri"}
_NAMED: Final = {"version": TEXT, "published_on": DAY, "effective_on": DAY, "url": _URI}

SHAPES: Final[Mapping[str, dict[str, Any]]] = {
    "Policy": thing(
        "A version of the privacy policy, in plain words.",
        **_NAMED,
        summary=many(TEXT),
        changes=many({**TEXT, "description": "Against the version before."}),
        third_parties=many(
            thing(
                "A service that can be connected and that this policy does not cover.",
                service=TEXT,
                url=or_null(_URI),
                covered={"const": False},
            )
        ),
        next={
            **or_null(thing("A version that is announced and does not apply yet.", **_NAMED)),
        },
        promises=many(thing("One promise, as the software keeps it.", id=TEXT, section=TEXT, promise=TEXT)),
    ),
}
