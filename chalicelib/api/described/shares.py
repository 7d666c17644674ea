"""The agreement, shares, where people came from, and complaints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.api.shapes import COUNT, DAY, TEXT, TIME, YES_NO, choice, many, or_null, page, thing
from chalicelib.privacy.agreement import Warranty
from chalicelib.records.agreements import WithdrawalWhy

_SHARED: Final = {"shared_at": TIME, "basis": choice(Warranty), "agreement_version": TEXT}

SHAPES: Final[Mapping[str, dict[str, Any]]] = {
    "ProspectAgreement": thing(
        "The joint controller agreement in force, and how this company stands towards it.",
        version=TEXT,
        effective_on=DAY,
        locale={"type": "string", "enum": ["en", "zh"]},
        text=TEXT,
        sha256={**TEXT, "description": "Of exactly these words in UTF-8."},
        accepted={**YES_NO, "description": "The version in force, and no earlier one."},
        accepted_at=or_null(TIME),
        accepted_by=or_null(TEXT),
        shared_fields=many(TEXT),
    ),
    "ProspectShare": thing(
        "What became of a share.",
        id=TEXT,
        shared_at=TIME,
        shared_by=TEXT,
        agreement_version=TEXT,
        basis=choice(Warranty),
        accepted=COUNT,
        prospects=many(
            thing(
                "Whom it names. It does not say who of them is in the base: whoever objected is not.",
                index=COUNT,
                id=TEXT,
            )
        ),
        rejected=many(thing("What names nobody: `not_an_address`, `duplicate`.", index=COUNT, code=TEXT)),
        taken_back_at=or_null(TIME),
    ),
    "ProspectSharePage": page("ProspectShare"),
    "ProspectProvenance": thing(
        "Where a person came from, without other companies' names.",
        prospect_id=TEXT,
        received_at={**or_null(TIME), "description": "By this company; null where it only shared them."},
        stocked={**YES_NO, "description": "Received from what the operator stocks."},
        own_share={
            **thing("What this company vouched for.", share_id=TEXT, **_SHARED),
            "type": ["object", "null"],
        },
        shared_by_others=many(thing("One share by another company.", **_SHARED)),
    ),
    "ProspectComplaint": thing(
        "On record; the person is being withdrawn everywhere.",
        id=TEXT,
        prospect_id=TEXT,
        kind={
            "type": "string",
            "enum": [one.value for one in WithdrawalWhy if one is not WithdrawalWhy.TAKEN_BACK],
        },
        received_at=TIME,
        passed_on_at=TIME,
        state={"type": "string", "enum": ["withdrawing"]},
        what_happens=many(TEXT),
        regulators=many(thing("Whom this must be told as well (2.1.3).", **{"for": TEXT, "authority": TEXT})),
    ),
}

EXAMPLES: Final[Mapping[str, dict[str, Any]]] = {
    "AgreementAccepted": {"version": "joint-2026-11"},
    "NewShare": {
        "agreement_version": "joint-2026-11",
        "warranty": {"informed": True, "basis": "consent"},
        "prospects": [
            {
                "email": "mika.laine@pohjola-koneet.example",
                "first_name": "Mika",
                "last_name": "Laine",
                "industry": "Machinery",
                "current_position": "Head of Purchasing",
                "previous_positions": ["Buyer"],
                "location": "Tampere, Finland",
                "social": ["https://social.example/mika-laine"],
            }
        ],
    },
    "NewComplaint": {
        "kind": "objection",
        "received_at": "2026-11-20T09:30:00+08:00",
        "details": "Said on the telephone that he does not want to be in any list.",
    },
}
