"""Holds, and why something is still here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.api.shapes import COUNT, TEXT, TIME, YES_NO, choice, many, or_null, ref, thing
from chalicelib.privacy.retention import Criterion
from chalicelib.records.holds import HoldReason, HoldScope, HoldState

SHAPES: Final[Mapping[str, dict[str, Any]]] = {
    "Hold": thing(
        "What is kept for a legal matter.",
        id=TEXT,
        company_id=TEXT,
        matter_id=TEXT,
        scope=choice(HoldScope),
        target={**or_null(TEXT), "description": "Id of the user, or keyed hash of the person's address."},
        reason=choice(HoldReason),
        law=TEXT,
        secret={**YES_NO, "description": "Whether it leaves no trace that the company reads."},
        state=choice(HoldState),
        placed_by=TEXT,
        placed_at=TIME,
        review_at=TIME,
        review_due={**YES_NO, "description": "Somebody has to say whether it is still needed."},
        released_by=or_null(TEXT),
        released_at=or_null(TIME),
    ),
    "Holds": thing("Holds.", items=many(ref("Hold"))),
    "ReasonToKeep": thing(
        "One criterion of 4.1.2 that applies; of several the longest counts.",
        section=TEXT,
        criterion=choice(Criterion),
        reason=TEXT,
    ),
    "KeptKind": thing(
        "What is kept of one kind of record.",
        kind=TEXT,
        rows=COUNT,
        waiting={
            **COUNT,
            "description": "Over and invisible; deleted within minutes, at the latest in two days.",
        },
        put_away={**COUNT, "description": "Over and invisible; kept for a hold alone."},
        period=TEXT,
        kept_until_first={**or_null(TIME), "description": "The first one goes then."},
        kept_until_last={
            **or_null(TIME),
            "description": "The last one goes then; null: as long as the company is served.",
        },
        why=many(ref("ReasonToKeep")),
        consent_receipt={**or_null(TEXT), "description": "Proof of the consent that lengthens it."},
        holds=many(TEXT),
    ),
    "Explanation": thing(
        "Why it is still here.",
        company_id=TEXT,
        user_id=or_null(TEXT),
        person=or_null(TEXT),
        record=or_null(TEXT),
        at=TIME,
        complete={**YES_NO, "description": "False: there is more than was counted."},
        kinds=many(ref("KeptKind")),
        holds=many(TEXT),
    ),
}

EXAMPLES: Final[Mapping[str, dict[str, Any]]] = {
    "NewHold": {
        "company_id": "co_06gv7s2k81r0bo4m5p3t9d6e8g",
        "matter_id": "mat_06gv7s2k81r0bo4m5p3t9d6e8g",
        "scope": "company",
        "reason": "litigation",
        "law": "Evidence Act 1893 s 3",
        "review_on": "2027-06-01",
    },
    "ReleasedHold": {"company_id": "co_06gv7s2k81r0bo4m5p3t9d6e8g"},
}


def _query(name: str, about: str, *, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": about, "required": required, "schema": dict(TEXT)}


QUERIES: Final[Mapping[str, tuple[Mapping[str, Any], ...]]] = {
    "list_holds": (_query("company_id", "Only of this company, but also those that were released."),),
    "explain_retention": (
        _query("company_id", "The company.", required=True),
        _query("user_id", "One of its users."),
        _query("person", "One person it writes to: keyed hash of the address."),
        _query("record", "One contact or message."),
    ),
}
