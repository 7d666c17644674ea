"""Who has yet to be told where their data comes from, and how they were."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Final

from chalicelib.api.shapes import TEXT, TIME, choice, or_null, page, thing
from chalicelib.records.standing import Exemption, Informed, InformedHow


def _choice_or_null(enum: Iterable[StrEnum]) -> dict[str, Any]:
    """One of the values, or null: an enumeration has to name that one too."""
    values = [one.value for one in enum]
    return {"type": ["string", "null"], "enum": [*values, None]}


_HOW: Final = [one for one in InformedHow if one is not InformedHow.BOUNCED]
"""Whose mail came back is `due` again, in no way at all."""

SHAPES: Final[Mapping[str, dict[str, Any]]] = {
    "InformingOwed": thing(
        "A prospect who has yet to be told. No message to them is taken but one that tells them (`inform`).",
        prospect_id=TEXT,
        due_at={**TIME, "description": "A month after they were revealed, or the first message."},
        state={"type": "string", "enum": ["due", "overdue"]},
    ),
    "InformingPage": page("InformingOwed"),
    "Informing": thing(
        "What is on record about telling this prospect.",
        prospect_id=TEXT,
        due_at=TIME,
        state=choice(Informed),
        how={**_choice_or_null(_HOW), "description": "`in_message`: with a message that has left."},
        ground={**_choice_or_null(Exemption), "description": "Of GDPR 14(5), where nobody has to tell."},
        at=or_null(TIME),
        receipt_id={**or_null(TEXT), "description": "The entry of the company's chain that proves it."},
    ),
}

EXAMPLES: Final[Mapping[str, dict[str, Any]]] = {
    "InformingNote": {"how": "by_company", "at": "2026-11-20T09:00:00Z"},
}

QUERIES: Final[Mapping[str, tuple[Mapping[str, Any], ...]]] = {
    "list_informing": (
        {
            "name": "state",
            "in": "query",
            "description": "`due`: all of them. `overdue`: those whose month is over.",
            "schema": {"type": "string", "enum": ["due", "overdue"], "default": "due"},
        },
    ),
}
