"""Revealed prospects, the pool, credits, transfers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.api.shapes import COUNT, DAY, TEXT, TIME, YES_NO, choice, many, or_null, page, ref, thing
from chalicelib.privacy.transfers import Ground, Law
from chalicelib.records.credit import Why

_PROSPECT: Final = {
    "id": TEXT,
    "country": {**TEXT, "description": "ISO 3166-1; ZZ where nobody knows."},
    "sector": or_null(TEXT),
    "level": or_null(TEXT),
    "stocked": {
        "description": "As the operator stocks it.",
        "anyOf": [ref("ProspectRecord"), {"type": "null"}],
    },
    "shared": {"description": "As users shared it.", "anyOf": [ref("ProspectRecord"), {"type": "null"}]},
}
_PUBLISHED: Final = {
    "version": TEXT,
    "en": TEXT,
    "zh": TEXT,
    "sha256": {**TEXT, "description": "Of both, English first, with a line feed between."},
}

SHAPES: Final[Mapping[str, dict[str, Any]]] = {
    "ProspectField": thing(
        "One field, and where it comes from.",
        field=TEXT,
        value={"anyOf": [TEXT, many(TEXT)]},
        source=or_null(TEXT),
        day=or_null(DAY),
    ),
    "ProspectRecord": thing(
        "What one of the two records says, and on which ground it is in the base.",
        ground=or_null(TEXT),
        since=TIME,
        fields=many(ref("ProspectField")),
    ),
    "OpenProspect": thing("A prospect, unmasked.", **_PROSPECT),
    "ProtectionAdvice": thing("How the data is to be protected.", **_PUBLISHED),
    "RevealedProspect": thing(
        "A prospect that the company has now.",
        **_PROSPECT,
        charged={**YES_NO, "description": "Whether this request took the credit."},
        revealed_at=TIME,
        contact_id=or_null(TEXT),
        transfer_ground=choice(Ground),
        advice=ref("ProtectionAdvice"),
        notice_due_at={**or_null(TIME), "description": "Until when the person must be told."},
    ),
    "PooledProspect": thing(
        "A prospect of the company's pool.",
        id=TEXT,
        prospect={"anyOf": [ref("OpenProspect"), {"type": "null"}]},
        withheld={**or_null(TEXT), "description": "Why the data is not shown: no ground for its transfer."},
        revealed_at=TIME,
        contact_id=or_null(TEXT),
        claimed_by={**or_null(TEXT), "description": "The user who works on it."},
        claimed_until=or_null(TIME),
    ),
    "PooledPage": page("PooledProspect"),
    "Claimed": thing("Yours until then.", claimed_until=TIME),
    "Credits": thing(
        "What the company has left, and what it may spend of it.",
        left=COUNT,
        allowance={**COUNT, "description": "A month, by the plan."},
        left_of_allowance={**COUNT, "description": "Lapses with the month."},
        extra={**COUNT, "description": "Does not lapse."},
        spent_today=COUNT,
        spent_this_month=COUNT,
        daily_limit=or_null(COUNT),
        monthly_limit=or_null(COUNT),
        day_ends_at=TIME,
        month_ends_at=TIME,
    ),
    "CreditEntry": thing(
        "A credit spent, or given back.",
        id=TEXT,
        amount={"type": "integer"},
        why=choice(Why),
        by={**or_null(TEXT), "description": "The user who spent it."},
        at=TIME,
        refunded_by={**or_null(TEXT), "description": "The entry that gave it back."},
    ),
    "CreditEntryPage": page("CreditEntry"),
    "Transfer": thing(
        "A prospect reached the company, and on which ground.",
        id=TEXT,
        prospect_id=TEXT,
        origin=TEXT,
        destination=TEXT,
        law=choice(Law),
        ground=choice(Ground),
        clauses_version=or_null(TEXT),
        advice_version=TEXT,
        at=TIME,
    ),
    "TransferPage": page("Transfer"),
    "TransferClauses": thing(
        "The standard contractual clauses in force.",
        **_PUBLISHED,
        accepted_by=or_null(TEXT),
        accepted_at=or_null(TIME),
    ),
}

EXAMPLES: Final[Mapping[str, dict[str, Any]]] = {
    "WantedReveal": {"save_as_contact": True},
    "CreditLimits": {"daily": 100, "monthly": None},
    "AcceptedClauses": {"version": "clauses-2026-11"},
}

QUERIES: Final[Mapping[str, tuple[Mapping[str, Any], ...]]] = {
    "list_revealed": (
        {
            "name": "claimed_by",
            "in": "query",
            "schema": {"type": "string", "enum": ["any", "me", "nobody"], "default": "any"},
        },
    )
}
