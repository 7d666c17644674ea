"""AI jobs: ask, look, cancel, delete; and what the company has used of AI."""

from __future__ import annotations

from typing import Annotated, Any

from chalice import Blueprint
from pydantic import Field, StringConstraints

from chalicelib.api.endpoint import Call, page, route
from chalicelib.api.forms import Form, Identifier, Language, Text
from chalicelib.kernel import clock
from chalicelib.privacy.permissions import Permission
from chalicelib.records.ai import AiJob
from chalicelib.services import wording
from chalicelib.services.ai import jobs, limits

bp = Blueprint(__name__)

_Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{0,39}$")]


class NewAiJob(Form):
    """What AI shall do. Which fields `input` takes depends on the task; `contact_id` or `prospect_id` says
    whom it is about.
    """

    task: _Word
    input: Annotated[dict[_Word, Text], Field(max_length=20)]
    contact_id: Identifier | None = None
    prospect_id: Identifier | None = None
    locale: Language | None = None


@route(
    bp,
    "POST",
    "/v1/ai/jobs",
    summary="Ask AI for something",
    status=202,
    body=NewAiJob,
    repeatable=True,
    clauses=("ai",),
    permission=Permission.AI_USE,
    answer="AiAccepted",
    errors=(404, 429),
)
def ask_ai(call: Call) -> dict[str, str]:
    """Accepted, not done yet. The model gets placeholders for the contact or prospect named here, for you,
    your company, contacts of yours whose mail address is in the texts, and whatever else looks like a name,
    an address or a number. A name that nothing around it shows to be one can be missed: leave out what is
    not needed.
    """
    form: NewAiJob = call.body
    job_id = jobs.ask(
        call.who,
        task=form.task,
        given=form.input,
        contact_id=form.contact_id,
        prospect_id=form.prospect_id,
        locale=form.locale or wording.locale_of(call.accept_language),
        repeat=call.repeat,
    )
    return {"id": job_id, "status": "queued"}


@route(
    bp,
    "GET",
    "/v1/ai/jobs",
    summary="Own AI jobs, newest first",
    paged="job",
    clauses=("ai", "self-service"),
    permission=Permission.AI_USE,
    answer="AiJobPage",
)
def list_ai_jobs(call: Call) -> dict[str, Any]:
    """One query a page."""
    found = jobs.page(call.who, call.limit + 1, call.cursor)
    return page(call, found, lambda job: job.job_id, _shown)


@route(
    bp,
    "GET",
    "/v1/ai/jobs/{job_id}",
    summary="One of the own AI jobs, and its answer",
    clauses=("ai",),
    permission=Permission.AI_USE,
    answer="AiJob",
)
def read_ai_job(call: Call) -> dict[str, Any]:
    """How far it is; what came of it; what it used."""
    return _shown(jobs.read(call.who, call.path["job_id"]))


@route(
    bp,
    "POST",
    "/v1/ai/jobs/{job_id}/cancel",
    summary="Cancel an AI job",
    repeatable=True,
    clauses=("ai",),
    permission=Permission.AI_USE,
    answer="AiJob",
    errors=(409,),
)
def cancel_ai_job(call: Call) -> dict[str, Any]:
    """What a call under way brings is thrown away. Repeating it changes nothing."""
    return _shown(jobs.cancel(call.who, call.path["job_id"]))


@route(
    bp,
    "DELETE",
    "/v1/ai/jobs/{job_id}",
    summary="Delete an AI job with what was asked and answered",
    status=204,
    clauses=("ai", "self-service"),
    permission=Permission.AI_USE,
    errors=(409,),
)
def delete_ai_job(call: Call) -> None:
    """One that is not over has to be cancelled first."""
    jobs.delete(call.who, call.path["job_id"])


@route(
    bp,
    "GET",
    "/v1/ai/usage",
    summary="What the company has used of AI this month",
    clauses=("ai",),
    permission=Permission.AI_USE,
    answer="AiUsage",
)
def read_ai_usage(call: Call) -> dict[str, Any]:
    """Calls under way are counted at the most they can use."""
    used = limits.usage(call.who)
    return {
        "month": used.month,
        "jobs": used.jobs,
        "tokens_in": used.tokens_in,
        "tokens_out": used.tokens_out,
        "token_limit": used.token_limit,
        "cost_micro_usd": used.cost,
    }


def _shown(job: AiJob) -> dict[str, Any]:
    return {
        "id": job.job_id,
        "task": job.task,
        "status": job.state.value,
        "created_at": clock.rfc3339(job.created_at),
        "finished_at": clock.rfc3339(job.finished_at),
        "contact_id": job.contact_id,
        "prospect_id": job.prospect_id,
        "output": job.output if job.state.value == "done" else None,
        "error": job.error,
        "usage": {"model": job.model, "tokens_in": job.tokens_in, "tokens_out": job.tokens_out},
    }
