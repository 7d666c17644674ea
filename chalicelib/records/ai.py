"""Jobs for AI, what they were given and what came back (category `ai`); what a company used of it."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from chalicelib.privacy.fields import opaque, personal, record
from chalicelib.privacy.register import Category, Purpose, Role, Subject
from chalicelib.privacy.retention import Retention


class JobState(StrEnum):
    """Where a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


OVER = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED})
"""States that a job does not leave."""


@record(
    kind="ai_job",
    table="workspace",
    subject=Subject.USER,
    role=Role.PROCESSOR,
    retention=Retention.AI_TEXT,
    collected_for=Purpose.GENERATE_WITH_AI,
)
class AiJob:
    """One thing a user asked of AI."""

    company_id: str = opaque()
    user_id: str = opaque()
    job_id: str = opaque()
    task: str = opaque(why="one of the fixed tasks", export=True)
    locale: str = opaque(why="the language to answer in; chosen by the user, not measured", export=True)
    state: JobState = opaque(export=True)
    created_at: int = opaque(export=True)
    token_limit: int = opaque(why="what the company's plan gave for the month when it was asked")
    due_at: int | None = opaque(why="when the sweeper has to look at it; None when all is told", default=None)
    person: str | None = opaque(why="keyed hash of whom it is about, by which it is found", default=None)
    contact_id: str | None = opaque(default=None)
    prospect_id: str | None = opaque(default=None)
    attempt_id: str | None = opaque(why="the call under way; its answer alone is taken", default=None)
    lease_until: int | None = opaque(default=None)
    month: str | None = opaque(why="the month that pays for the call under way", default=None)
    calls: int = opaque(why="how often the model was asked", default=0)
    waits: int = opaque(why="how often it had no time", default=0)
    model: str | None = opaque(default=None, export=True)
    tokens_in: int = opaque(default=0, export=True)
    tokens_out: int = opaque(default=0, export=True)
    cost: int = opaque(why="micro USD", default=0)
    error: str | None = opaque(why="why there is no answer, as a code", default=None, export=True)
    finished_at: int | None = opaque(default=None, export=True)
    input: dict[str, str] = personal(Category.AI, "input")
    output: dict[str, Any] | None = personal(Category.AI, "output", default=None)


@record(
    kind="ai_month",
    table="workspace",
    subject=Subject.USER,
    role=Role.PROCESSOR,
    retention=Retention.SERVICE_TERM,
)
class AiMonth:
    """What a company used of AI in one month: numbers, of nobody in particular."""

    company_id: str = opaque()
    month: str = opaque(why="as 2026-11, by UTC")
    jobs: int = opaque(why="calls to the model", default=0)
    tokens_in: int = opaque(default=0)
    tokens_out: int = opaque(default=0)
    cost: int = opaque(why="micro USD", default=0)
    reserved: dict[str, list[int]] = opaque(
        why="calls under way, by attempt: tokens in, tokens out, cost at most, and until when to wait",
        default_factory=dict,
    )
