"""The record of processing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.api.shapes import TEXT, choice, many, or_null, ref, thing
from chalicelib.privacy.register import Category, Duty, LegalBasis, Purpose, Role, Source, Subject

SHAPES: Final[Mapping[str, dict[str, Any]]] = {
    "ProcessedRecord": thing(
        "A kind of record, and what of it belongs here.",
        record=TEXT,
        table=TEXT,
        fields=many(TEXT),
        kept={**TEXT, "description": "How long, and why."},
        collected_for=or_null(TEXT),
    ),
    "ProcessingActivity": thing(
        "A row of one of the policy's tables.",
        purpose=choice(Purpose),
        section=TEXT,
        role=choice(Role),
        subjects=many(choice(Subject)),
        categories=many(choice(Category)),
        legal_bases={**many(choice(LegalBasis)), "description": "Empty: the table names none."},
        sources=many(choice(Source)),
        recipients=TEXT,
        transfers=TEXT,
        held=many(ref("ProcessedRecord")),
    ),
    "ProcessingDuty": thing(
        "A promise that no table lists.", duty=choice(Duty), section=TEXT, held=many(ref("ProcessedRecord"))
    ),
    "ProcessingCategory": thing(
        "A category of 2.2.", category=choice(Category), section=TEXT, letter=TEXT, items=many(TEXT)
    ),
    "ProcessingFinding": thing(
        "Where the policy disagrees with itself or leaves a gap, and how we read it.",
        id=TEXT,
        sections=many(TEXT),
        what=TEXT,
        reading=TEXT,
    ),
    "UnplacedRecord": thing(
        "Held in a role for which no row names the category.",
        record=TEXT,
        category=choice(Category),
        role=choice(Role),
    ),
    "ProcessingRecord": thing(
        "The record of processing activities (GDPR 30).",
        contact=TEXT,
        stored_in=TEXT,
        measures=many(TEXT),
        activities=many(ref("ProcessingActivity")),
        duties=many(ref("ProcessingDuty")),
        categories=many(ref("ProcessingCategory")),
        findings=many(ref("ProcessingFinding")),
        unplaced=many(ref("UnplacedRecord")),
    ),
}

QUERIES: Final[Mapping[str, tuple[Mapping[str, Any], ...]]] = {
    "show_processing_record": (
        {
            "name": "format",
            "in": "query",
            "schema": {"type": "string", "enum": ["json", "csv", "html"], "default": "json"},
        },
    )
}
"""Query parameters by the name of the view."""
