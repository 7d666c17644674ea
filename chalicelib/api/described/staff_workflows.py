"""Workflows, as staff see them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.api.shapes import COUNT, TEXT, TIME, YES_NO, choice, or_null, page, thing
from chalicelib.records.workflows import Machine

SHAPES: Final[Mapping[str, dict[str, Any]]] = {
    "Workflow": thing(
        "A workflow: where it stands, and what it waits for. Nothing personal.",
        id=TEXT,
        machine=choice(Machine),
        about_id={**TEXT, "description": "The company, the incident or the end it is about."},
        stage={**TEXT, "description": "What is to be done next; `over`: nothing."},
        doing={**TEXT, "description": "The stage in words."},
        waits={**YES_NO, "description": "Whether `until` is to come."},
        until=or_null(TIME),
        why={**or_null(TEXT), "description": "Why it waits or goes on, as a code."},
        reason={**or_null(TEXT), "description": "The code in words."},
        overdue={**YES_NO, "description": "Nobody has moved it on in time; the sweep starts another run."},
        taken_up_at={
            **or_null(TIME),
            "description": "When the sweep starts another run, should nothing have moved it by then.",
        },
        run={**COUNT, "description": "How often an execution was started for it."},
        started_at=TIME,
        ended_at=or_null(TIME),
    ),
    "WorkflowPage": page("Workflow"),
}
