"""AI jobs, under the user who asked for them, and what a company used: `workspace`.

A job's key names its user, so their list is one query, and all of it goes when they leave; the index of
persons finds those about somebody who asks to be forgotten.
"""

from __future__ import annotations

from itertools import islice

from chalicelib.privacy.register import Use
from chalicelib.records.ai import AiJob, AiMonth
from chalicelib.store import batches, idempotency
from chalicelib.store.items import WorkspaceRow
from chalicelib.store.table import Due, Rows, Stored, new_op, query_rows
from chalicelib.store.transaction import Transaction

AI_DUE = "ai"
"""The index partition of jobs that are not finished, or not told of."""


def _due(job: AiJob) -> Due | None:
    return None if job.due_at is None else Due(AI_DUE, job.due_at)


JOBS = Rows(AiJob, pk="{company_id}", sk="ai#{user_id}#{job_id}", findable=True, due=_due)
MONTHS = Rows(AiMonth, pk="{company_id}", sk="usage#{month}")


def add(job: AiJob, once: idempotency.Once | None) -> None:
    """Store a new job: 3 write units (two index entries), with an idempotency key 8."""
    transaction = Transaction(new_op())
    transaction.put_new(JOBS, job)
    if once is not None:
        once.add_to(transaction, job.job_id)
    transaction.commit()


def get(company_id: str, user_id: str, job_id: str, use: Use) -> Stored[AiJob] | None:
    """One job; one read."""
    return JOBS.get(company_id=company_id, user_id=user_id, job_id=job_id, use=use)


def newest(company_id: str, user_id: str, limit: int, before: str | None, use: Use) -> list[Stored[AiJob]]:
    """Up to ``limit`` jobs of a user, newest first, older than the one with id ``before``. One query."""
    prefix = f"ai#{user_id}#"
    below = None if before is None else prefix + before
    rows = JOBS.query(company_id, prefix, use=use, before=below, newest_first=True, page_size=limit)
    return list(islice(rows, limit))


def change(known: Stored[AiJob], job: AiJob) -> Stored[AiJob]:
    """Move a job on; ConflictError when somebody was faster, or it is gone."""
    return JOBS.replace(known, job, op=new_op())


def month(company_id: str, name: str) -> Stored[AiMonth] | None:
    """What a company used in a month; one read."""
    return MONTHS.get(company_id=company_id, month=name)


def account(transaction: Transaction, known: Stored[AiMonth] | None, month: AiMonth) -> None:
    """Let a transaction write a month, as it was read or for the first time."""
    if known is None:
        transaction.put_new(MONTHS, month)
    else:
        transaction.replace(MONTHS, known, month)


def keys_of(company_id: str, user_id: str) -> list[tuple[str, str]]:
    """Keys of all jobs of a user, unopened; one query for each MB."""
    return [(row.pk, row.sk) for row in query_rows(WorkspaceRow, company_id, f"ai#{user_id}#")]


def forget(company_id: str, user_id: str) -> int:
    """Remove all jobs of a user who leaves; how many. Repeatable."""
    return batches.delete(WorkspaceRow.Meta.table_name, keys_of(company_id, user_id))
