"""AI jobs and what was used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.api.shapes import COUNT, TEXT, TIME, choice, or_null, page, thing
from chalicelib.records.ai import JobState

_USED: Final = thing("What it used of the model.", model=or_null(TEXT), tokens_in=COUNT, tokens_out=COUNT)
_OUTPUT: Final = {
    "type": ["object", "null"],
    "description": "What the task gives, once it is done. Read it before you use it: a model wrote it.",
}

SHAPES: Final[Mapping[str, dict[str, Any]]] = {
    "AiAccepted": thing("Taken, not done yet.", id=TEXT, status={"const": "queued"}),
    "AiJob": thing(
        "One thing a user asked of AI.",
        id=TEXT,
        task=TEXT,
        status=choice(JobState),
        created_at=TIME,
        finished_at=or_null(TIME),
        contact_id=or_null(TEXT),
        prospect_id=or_null(TEXT),
        output=_OUTPUT,
        error={
            **or_null(TEXT),
            "description": "Why there is no answer: `unusable_answer`, `monthly_limit`, `model_busy`,"
            " `model_timed_out`, `model_refused`, `record_gone`, `task_off`, `not_masked`, `lost`,"
            " `company_not_active`, `internal_error`.",
        },
        usage=_USED,
    ),
    "AiJobPage": page("AiJob"),
    "AiUsage": thing(
        "What the company has used of AI this month, by UTC.",
        month=TEXT,
        jobs=COUNT,
        tokens_in=COUNT,
        tokens_out=COUNT,
        token_limit={**COUNT, "description": "In and out together, by plan."},
        cost_micro_usd={**COUNT, "description": "At list price, in millionths of a US dollar."},
    ),
}

EXAMPLES: Final[Mapping[str, dict[str, Any]]] = {
    "NewAiJob": {"task": "polish", "input": {"text": "we can to offer you good price for the spring"}},
}
