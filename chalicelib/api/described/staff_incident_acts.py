"""Incidents as they are judged: facts, what is owed by when, reports, the register."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.api.shapes import COUNT, TEXT, TIME, YES_NO, choice, many, or_null, page, ref, thing
from chalicelib.privacy.incident_facts import Authority, Level, Risk
from chalicelib.privacy.incidents import Toward
from chalicelib.privacy.register import Category
from chalicelib.records.incidents import IncidentAct, IncidentState, ReportKind

_AUTHORITY: Final = {"type": ["string", "null"], "enum": [*(one.value for one in Authority), None]}
_COUNTRY: Final = {
    **or_null(TEXT),
    "description": "Of an authority of which there are several; ZZ: nobody knows.",
}
_BY_GROUP: Final = {
    "type": ["object", "null"],
    "additionalProperties": dict(COUNT),
    "description": "By `role/subject/country`; null: nobody has counted.",
}
_CONTENTS: Final = {
    "type": ["object", "null"],
    "additionalProperties": {"type": "object", "additionalProperties": dict(TEXT)},
    "description": "The four contents of 4.3.4 by language.",
}

SHAPES: Final[Mapping[str, dict[str, Any]]] = {
    "IncidentFactsKnown": thing(
        "What is known. Null: nobody has found out, which counts as the worst.",
        people=_BY_GROUP,
        companies=COUNT,
        categories=many(choice(Category)),
        within_only=YES_NO,
        credentials=or_null(YES_NO),
        significant_harm=or_null(YES_NO),
        risk={**or_null(TEXT), "enum": [*(one.value for one in Risk), None]},
        unreadable={**YES_NO, "description": "Encrypted, with the keys shown to be out of reach."},
        key_evidence=or_null(TEXT),
        harm_avoided=YES_NO,
        telling_forbidden=YES_NO,
        forbidden_under=or_null(TEXT),
        serves_china=or_null(YES_NO),
        critical=YES_NO,
        level={**or_null(TEXT), "enum": [*(one.value for one in Level), None]},
        national=or_null(YES_NO),
    ),
    "IncidentObligation": thing(
        "One thing that is owed.",
        name=TEXT,
        toward=choice(Toward),
        authority=_AUTHORITY,
        country=_COUNTRY,
        law=TEXT,
        target_is_ours={**YES_NO, "description": "The law says without delay; the number is ours."},
        starts_at={**or_null(TIME), "description": "Null: what starts it has not happened."},
        ends_at=or_null(TIME),
        done_at=or_null(TIME),
        held={**YES_NO, "description": "An order forbids it for now."},
        late=YES_NO,
    ),
    "IncidentReport": thing(
        "What an authority was told.",
        id=TEXT,
        obligation=TEXT,
        authority=choice(Authority),
        country=_COUNTRY,
        kind=choice(ReportKind),
        reference=or_null(TEXT),
        told_at=TIME,
        due_at=or_null(TIME),
        noted_by=TEXT,
        noted_at=TIME,
        form_sha256=or_null(TEXT),
        delay_reasons=or_null(TEXT),
        words=or_null(TEXT),
    ),
    "IncidentEntry": thing(
        "An incident as the register has it.",
        id=TEXT,
        workflow_id=TEXT,
        state=choice(IncidentState),
        opened_by=TEXT,
        opened_at=TIME,
        aware_at=TIME,
        from_at=TIME,
        until_at=TIME,
        summary=TEXT,
        facts=ref("IncidentFactsKnown"),
        undecided={**many(TEXT), "description": "What an assessment still needs."},
        cause=or_null(TEXT),
        contents=_CONTENTS,
        reasons=or_null(TEXT),
        assessed_by=or_null(TEXT),
        assessed_at=or_null(TIME),
        notifiable_at={**or_null(TIME), "description": "Found notifiable under the PDPA: its days begin."},
        downgraded_by=or_null(TEXT),
        downgraded_at=or_null(TIME),
        contained_at=or_null(TIME),
        follow_ups=COUNT,
        news=or_null(TEXT),
        next_follow_up_at=or_null(TIME),
        obligations=many(ref("IncidentObligation")),
        reports=many(ref("IncidentReport")),
        to_hear={**many(TEXT), "description": "What authorities were told that a downgrade has changed."},
        closed_by=or_null(TEXT),
        closed_at=or_null(TIME),
        closing=or_null(TEXT),
    ),
    "IncidentEntryPage": page("IncidentEntry"),
    "IncidentAnswer": thing(
        "A question of an authority.",
        name=TEXT,
        question=TEXT,
        source=TEXT,
        required=YES_NO,
        answer=or_null(TEXT),
    ),
    "IncidentForm": thing(
        "What an authority wants to know, filled.",
        obligation=TEXT,
        authority=_AUTHORITY,
        country=_COUNTRY,
        law=TEXT,
        language={"type": "string", "enum": ["en", "zh"]},
        questions=many(ref("IncidentAnswer")),
        missing=many(TEXT),
        text={**TEXT, "description": "The same, to be copied."},
        sha256={**TEXT, "description": "Of the text, for the report."},
    ),
    "IncidentStep": thing(
        "One step, as evidence has it.",
        id=TEXT,
        act=choice(IncidentAct),
        by={**or_null(TEXT), "description": "Null: the workflow."},
        at=TIME,
        state=choice(IncidentState),
        concerns_id=or_null(TEXT),
        said={"type": "object", "additionalProperties": dict(TEXT)},
        number=or_null(COUNT),
        words_hash={**or_null(TEXT), "description": "Keyed hash of words that are sealed elsewhere."},
    ),
    "IncidentSteps": thing("Every step of an incident.", items=many(ref("IncidentStep"))),
}

_WORDS: Final = "Access keys of one worker were used from outside between 02:00 and 05:00."
EXAMPLES: Final[Mapping[str, dict[str, Any]]] = {
    "IncidentFacts": {
        "reasons": _WORDS,
        "people": {"controller/user/SG": 499, "controller/user/DE": 12},
        "companies": 7,
        "categories": ["logon", "automatic"],
        "credentials": False,
        "significant_harm": False,
        "risk": "risk",
        "serves_china": False,
        "national": False,
    },
    "IncidentReasons": {"reasons": _WORDS},
    "NewIncidentReport": {
        "obligation": "pdpa_authority",
        "kind": "first",
        "told_at": "2026-11-23T09:00:00Z",
        "reference": "DPN-2026-0001",
    },
    "IncidentContained": {"contained_at": "2026-11-23T08:00:00Z", "words": _WORDS},
    "IncidentFollowUp": {"words": _WORDS, "next_at": "2026-11-30T09:00:00Z"},
    "IncidentClosing": {"words": _WORDS},
}

QUERIES: Final[Mapping[str, tuple[Mapping[str, Any], ...]]] = {
    "show_incident_form": (
        {
            "name": "obligation",
            "in": "query",
            "description": "Name of what is owed, such as `gdpr_authority:DE`.",
            "required": True,
            "schema": dict(TEXT),
        },
    ),
}
