"""How a job goes on after a call: its row and its company's month change together, or neither does.

What a call used is counted whatever becomes of its answer: cancelled, deleted or erased in between, it has
been paid for. Every end is told to the bus at least once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chalicelib import store
from chalicelib.gateways import bus
from chalicelib.kernel import clock
from chalicelib.kernel.errors import ConflictError, RetryLaterError, UnavailableError
from chalicelib.records.ai import AiJob, AiMonth, JobState
from chalicelib.services.ai import jobs, limits

if TYPE_CHECKING:
    from chalicelib.store.table import Stored
    from chalicelib.store.transaction import Transaction

BUSY_SECONDS: Final = 20
"""How long to wait for a model that has no time, the first time; longer each time."""
TELL_SECONDS: Final = 60
TRIES: Final = 6
EVENT: Final = "AiJobFinished"

Change = Callable[["Transaction", AiMonth], AiMonth]
"""Adds the job's row to a transaction, and says what becomes of the month."""


def end(known: Stored[AiJob], ended: AiJob) -> None:
    """End a job that asks nothing (any more)."""
    now = clock.now()
    try:
        stored = store.ai.change(
            known, replace(ended, finished_at=now, lease_until=None, due_at=now + TELL_SECONDS)
        )
    except ConflictError:
        return  # cancelled, or another worker was faster
    tell(stored)


def tell(known: Stored[AiJob]) -> None:
    """Put the end of a job on the bus, at least once, by ids; then nothing is due any more."""
    job = known.value
    if job.due_at is None:
        return
    try:
        bus.publish(
            EVENT,
            {"company": job.company_id, "job": job.job_id, "task": job.task, "state": job.state.value},
        )
    except UnavailableError:
        return  # the sweeper brings it back
    try:
        store.ai.change(known, replace(job, due_at=None))
    except ConflictError:
        return  # told by somebody else, or deleted


def wait(known: Stored[AiJob]) -> None:
    """The model has no time: nothing was used, and the queue brings the job back."""
    job, seconds = known.value, min(BUSY_SECONDS * 2**known.value.waits, 600)
    waiting = replace(
        job,
        state=JobState.QUEUED,
        attempt_id=None,
        lease_until=None,
        calls=job.calls - 1,
        waits=job.waits + 1,
        due_at=clock.now() + seconds + jobs.FIND_SECONDS,
    )

    def change(transaction: Transaction, month: AiMonth) -> AiMonth:
        transaction.replace(store.ai.JOBS, known, waiting)
        return limits.released(month, str(job.attempt_id))

    if account(job.company_id, str(job.month), known, change):
        jobs.hint(job.company_id, job.user_id, job.job_id, delay=seconds)
    else:
        _settle_alone(job, [0, 0, 0])


def settle(known: Stored[AiJob], ended: AiJob, used: list[int] | None, most: list[int]) -> bool:
    """Store how the job ended with what it used, both or neither; False when its answer is not wanted any
    more (cancelled, deleted, erased), and only what it used is counted.
    """
    counted = used or most
    now = clock.now()
    ended = replace(
        ended,
        finished_at=now,
        lease_until=None,
        due_at=now + TELL_SECONDS,
        tokens_in=ended.tokens_in + counted[0],
        tokens_out=ended.tokens_out + counted[1],
        cost=ended.cost + counted[2],
    )

    def change(transaction: Transaction, month: AiMonth) -> AiMonth:
        transaction.replace(store.ai.JOBS, known, ended)
        return limits.settled(month, str(ended.attempt_id), used)

    if not account(ended.company_id, str(ended.month), known, change):
        _settle_alone(known.value, used)
        return False
    tell(known._replace(value=ended, version=known.version + 1))
    return True


def _settle_alone(job: AiJob, used: list[int] | None) -> None:
    """Count a call whose job is not waiting for it any more; on a cancelled job, too: its owner may look."""
    for _ in range(TRIES):
        month = store.ai.month(job.company_id, str(job.month))
        if month is None or job.attempt_id not in month.value.reserved:
            return
        counted = used or month.value.reserved[job.attempt_id][:3]
        known = store.ai.get(job.company_id, job.user_id, job.job_id, jobs.USE)
        transaction = store.transaction.Transaction(store.table.new_op())
        store.ai.account(transaction, month, limits.settled(month.value, job.attempt_id, used))
        if known is not None and known.value.attempt_id == job.attempt_id:
            noted = replace(known.value, tokens_in=counted[0], tokens_out=counted[1], cost=counted[2])
            transaction.replace(store.ai.JOBS, known, noted)
        try:
            transaction.commit()
        except ConflictError:
            continue
        return
    raise RetryLaterError


def account(company_id: str, name: str, known: Stored[AiJob], change: Change) -> bool:
    """One transaction of a job's row and its company's month. Other jobs write the month as well: it is read
    anew until it holds; False when it is the job that has changed.
    """
    job = known.value
    for attempt in range(TRIES):
        month = store.ai.month(company_id, name)
        transaction = store.transaction.Transaction(store.table.new_op())
        held = AiMonth(company_id=company_id, month=name) if month is None else month.value
        store.ai.account(transaction, month, change(transaction, held))
        try:
            transaction.commit()
        except ConflictError:
            now = store.ai.get(company_id, job.user_id, job.job_id, jobs.USE)
            if now is None or now.version != known.version:
                return False
            store.failures.backoff(attempt)
        else:
            return True
    raise RetryLaterError
