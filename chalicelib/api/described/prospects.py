"""The base of prospects as companies search it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.api.shapes import DAY, TEXT, TIME, YES_NO, many, or_null, page, thing
from chalicelib.services.prospects import classes, sectors

_INDUSTRY: Final = {"type": "string", "enum": list(sectors.SECTORS)}
_LEVEL: Final = {"type": "string", "enum": list(classes.LEVELS)}
_MASKED: Final = "Masked until it is revealed."

SHAPES: Final[Mapping[str, dict[str, Any]]] = {
    "Prospect": thing(
        "A business, and a person in it where one is known.",
        id=TEXT,
        revealed={**YES_NO, "description": "Whether the company has it."},
        withheld={
            **or_null(TEXT),
            "description": "Why it is masked although it was revealed: no ground carries its transfer now.",
        },
        company=or_null(TEXT),
        industry=_INDUSTRY,
        country={**TEXT, "description": "ISO 3166-1 alpha-2; ZZ where it is not clear."},
        level=_LEVEL,
        name={**or_null(TEXT), "description": _MASKED},
        position={**or_null(TEXT), "description": _MASKED},
        email={**or_null(TEXT), "description": _MASKED},
        phone={**or_null(TEXT), "description": _MASKED},
        has={**many(TEXT), "description": "What there is, shown or not."},
        affiliation=or_null(TEXT),
        website=or_null(TEXT),
        address=or_null(TEXT),
        profile=or_null(TEXT),
        location=or_null(TEXT),
        contact_numbers=many(TEXT),
        social=many(TEXT),
        previous_positions=many(TEXT),
        sources=many(
            thing(
                "Where it is from.",
                kind={"type": "string", "enum": ["stocked", "shared"]},
                since=TIME,
                changed_at=TIME,
            )
        ),
        provenance={
            **many(
                thing(
                    "Where a field is from (GDPR 14(2)(f)); `*` is all of them.",
                    field=TEXT,
                    kind={"type": "string", "enum": ["stocked", "shared"]},
                    source=TEXT,
                    on=DAY,
                )
            ),
            "description": "Empty until it is revealed.",
        },
    ),
    "ProspectPage": page("Prospect"),
    "Industry": thing("A branch to search by.", code=_INDUSTRY, en=TEXT, zh=TEXT),
    "IndustryList": page("Industry"),
}


def _filter(name: str, about: str, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": about, "schema": {**TEXT, **schema}}


QUERIES: Final[Mapping[str, tuple[Mapping[str, Any], ...]]] = {
    "search_prospects": (
        _filter("industry", "A code.", enum=list(sectors.SECTORS)),
        _filter("country", "ISO 3166-1 alpha-2; ZZ for those whose country is not clear.", maxLength=2),
        _filter(
            "position",
            f"How high: {', '.join(classes.LEVELS)}; or a title, which is placed there.",
            maxLength=200,
        ),
        _filter(
            "company", "The whole name of a business, in any spelling, legal form or none.", maxLength=200
        ),
        _filter(
            "q",
            "Beginnings of words, two letters or more, all of which must be met: words of the business, for "
            "shared people of the branch; of a position only the usual ones for how high it is.",
            minLength=2,
            maxLength=200,
        ),
    ),
}
