"""Successors (3.2(b))."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.api.shapes import COUNT, TEXT, TIME, choice, or_null, page, thing
from chalicelib.privacy.mergers import Occasion
from chalicelib.records.mass import MassState
from chalicelib.records.mergers import SuccessionState

_NAMES: Final[Mapping[str, Any]] = {"type": "array", "items": TEXT}

SHAPES: Final[Mapping[str, dict[str, Any]]] = {
    "Merger": thing(
        "Somebody who takes over, and how far telling or asking everybody is.",
        id=TEXT,
        state=choice(SuccessionState),
        occasion=choice(Occasion),
        successor=thing("The enterprise.", name=TEXT, url=TEXT, country=TEXT),
        takes_over_at=TIME,
        binding=or_null(thing("What binds it to the policy.", reference=TEXT, policy_version=TEXT)),
        question=or_null(
            thing(
                "What everybody is asked. The answers are counted when the time is over.",
                id={**TEXT, "description": "Of the question to people."},
                company_question_id={**TEXT, "description": "Of that to companies, for their admins."},
                answer_until=TIME,
                fields=_NAMES,
                company_fields=_NAMES,
                rounds=COUNT,
                asked=COUNT,
                agreed=COUNT,
                refused=COUNT,
                silent=COUNT,
                companies_asked=COUNT,
                companies_agreed=COUNT,
                unreadable=COUNT,
                list_hash=or_null(TEXT),
            )
        ),
        stated_by=TEXT,
        stated_at=TIME,
        accepted_by=or_null(TEXT),
        accepted_at=or_null(TIME),
        ended_at=or_null(TIME),
        notices=or_null(
            thing(
                "How far the notices are; null when they are not on record any more, after two years.",
                id=TEXT,
                state=choice(MassState),
                people=COUNT,
                accepted=COUNT,
                refused=COUNT,
                unreachable=COUNT,
                all_told_at={
                    **or_null(TIME),
                    "description": "The last acceptance when everybody there was had been told.",
                },
            )
        ),
    ),
    "MergerPage": page("Merger"),
    "MergerPerson": thing(
        "Somebody who agreed; without `user_id` the company, by its admins, about its own data.",
        company_id=TEXT,
        user_id=or_null(TEXT),
        answered_at=TIME,
    ),
    "MergerPeople": page("MergerPerson"),
}

EXAMPLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "NewMerger": {
        "occasion": "acquisition",
        "successor": {
            "name": "Meridian Software Pte Ltd",
            "url": "https://meridian.example",
            "country": "SG",
        },
        "takes_over_at": 1_811_808_000,
        "question": {
            "answer_until": 1_811_203_200,
            "fields": ["user.name", "user.email"],
            "company_fields": ["company.name"],
        },
    },
}
