"""Doing a job: the one place where text goes to a model (clause `ai`).

Read, mask, prepare, look once more, claim and reserve in one transaction, call once, judge, put the values
back, store once with what it used, tell the bus. A second delivery finds the claim and calls nobody. A worker
that dies between call and store costs one more call at most, and both are counted. Closed throughout: what is
not masked, not allowed any more or not to be counted is not asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from chalicelib import store
from chalicelib.gateways import model
from chalicelib.kernel import clock, ids, telemetry
from chalicelib.records.ai import OVER, AiJob, AiMonth, JobState
from chalicelib.services.ai import ending, jobs, limits, preparing
from chalicelib.services.ai.preparing import NoAnswerError, Ready

if TYPE_CHECKING:
    from chalicelib.store.table import Stored
    from chalicelib.store.transaction import Transaction

LEASE_SECONDS: Final = 150
"""How long a claim holds; longer than the function may live (120 s)."""
MOST_CALLS: Final = 2
"""For one job: the second only when nobody knows what became of the first."""
MOST_WAITS: Final = 8


def run(company_id: str, user_id: str, job_id: str) -> None:
    """Bring one job to its end. Repeating it, or running it twice at once, asks the model once.

    Raises:
        RetryLaterError, UnavailableError: to be done again.
    """
    known = store.ai.get(company_id, user_id, job_id, jobs.USE)
    if known is None:
        return  # deleted or erased since
    job = known.value
    if job.state in OVER:
        ending.tell(known)
        return
    if job.state is JobState.RUNNING and clock.now() < (job.lease_until or 0):
        return  # somebody is at it; the sweeper looks again when their time is over
    if job.state is JobState.QUEUED and job.waits and clock.now() < (job.due_at or 0) - jobs.FIND_SECONDS:
        return  # the model was busy a moment ago
    if job.calls >= MOST_CALLS:
        ending.end(known, replace(job, state=JobState.FAILED, error="lost"))
        return
    try:
        ready = preparing.prepare(job)
        claimed = _claim(known, ready)
    except NoAnswerError as error:
        ending.end(known, replace(job, state=JobState.FAILED, error=error.code))
        return
    if claimed is not None:
        _ask(claimed, ready)


def _claim(known: Stored[AiJob], ready: Ready) -> Stored[AiJob] | None:
    """Take the job and reserve what it can cost, both or neither; None when somebody else has it."""
    job, attempt = known.value, ids.new("att")
    name = limits.month_now()
    until = clock.now() + LEASE_SECONDS
    claimed = replace(
        job,
        state=JobState.RUNNING,
        attempt_id=attempt,
        month=name,
        lease_until=until,
        due_at=until,
        calls=job.calls + 1,
        model=ready.model,
    )

    def change(transaction: Transaction, month: AiMonth) -> AiMonth:
        if job.attempt_id is not None:
            month = limits.settled(month, job.attempt_id, None)  # the worker before died: it is paid for
        made = limits.reserved(month, attempt, ready.most, job.token_limit)
        if made is None:
            raise NoAnswerError("monthly_limit")
        transaction.replace(store.ai.JOBS, known, claimed)
        return made

    if not ending.account(job.company_id, name, known, change):
        return None
    return known._replace(value=claimed, version=known.version + 1)


def _ask(known: Stored[AiJob], ready: Ready) -> None:
    job = known.value
    try:
        answer = model.ask(ready.prompt, ready.task.max_output_tokens)
    except model.ModelError as error:
        if error.failure is model.Failure.BUSY and job.waits < MOST_WAITS:
            ending.wait(known)
            return
        used = None if error.failure is model.Failure.LOST else [0, 0, 0]
        ending.settle(known, replace(job, state=JobState.FAILED, error=error.failure.value), used, ready.most)
        return
    used = limits.used_by(answer, ready.model)
    judged = preparing.judged(answer, ready)
    output = None if judged is None else preparing.finished(job, judged, ready)
    if judged is None or output is None:
        ending.settle(known, replace(job, state=JobState.FAILED, error="unusable_answer"), used, ready.most)
    elif ending.settle(known, replace(job, state=JobState.DONE, output=output), used, ready.most):
        _sample(job, ready, judged)


def _sample(job: AiJob, ready: Ready, judged: Mapping[str, Any]) -> None:
    """Keep it to improve AI if its user agrees (2.3.1). Open: the job is done, a sample lost costs nobody."""
    from chalicelib.services.ai import samples

    try:
        samples.keep(
            job.company_id,
            job.user_id,
            task=job.task,
            model=ready.model,
            prompt=ready.prompt,
            answer=judged,
        )
    except Exception as error:
        telemetry.event("sample_not_kept", error=error)
