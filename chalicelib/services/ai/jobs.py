"""Asking AI for something (clause `ai`): the job, its list, cancelling and deleting it.

Nothing is asked of a model here: a job is stored, sealed, and a worker does it (`services.ai.running`). Users
see their own jobs; admins see how much was used, not what was asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chalicelib import store
from chalicelib.gateways import queues
from chalicelib.kernel import addresses, clock, ids, settings
from chalicelib.kernel.errors import ConflictError, FieldError, InvalidError, NotFoundError, RefusedError
from chalicelib.privacy.permissions import Permission
from chalicelib.privacy.register import Purpose
from chalicelib.records.ai import OVER, AiJob, JobState
from chalicelib.services import repeats
from chalicelib.services.accounts import sessions
from chalicelib.services.accounts.sessions import Principal
from chalicelib.services.ai import limits, people
from chalicelib.services.companies import ai_settings
from chalicelib.services.repeats import Repeat

if TYPE_CHECKING:
    from chalicelib.services.ai.shapes import Task
    from chalicelib.store.idempotency import Once
    from chalicelib.store.table import Stored

USE: Final = Purpose.GENERATE_WITH_AI
FIND_SECONDS: Final = 60
"""When the sweeper looks after a job whose hint was lost."""
TRIES: Final = 3


def ask(
    who: Principal,
    *,
    task: str,
    given: Mapping[str, str],
    contact_id: str | None,
    prospect_id: str | None,
    locale: str,
    repeat: Repeat | None,
) -> str:
    """Accept a job and return its id. Repeating with the same key makes no second one.

    Raises:
        InvalidError: the input does not fit the task.
        NotFoundError: no such contact, or no prospect that this company has revealed.
        RefusedError: ``ai_off`` or ``task_off``, the company does not allow it (`ai`); ``not_permitted``, the
            user may not read whom it is about themselves (`access`).
        TooManyRequestsError: as `limits.check`.
    """

    def again(job_id: str) -> str:
        hint(who.company_id, who.user_id, job_id)
        return job_id

    def make(once: Once | None) -> str:
        from chalicelib.services.ai.tasks import TASKS

        wanted = TASKS.get(task)
        if wanted is None:
            raise InvalidError(errors=[FieldError("task", "unknown")])
        check_allowed(who.company_id, task)
        _fits(wanted, given, named=contact_id is not None or prospect_id is not None)
        if contact_id is not None and prospect_id is not None:
            raise InvalidError(errors=[FieldError("prospect_id", "one_of_two")])
        about = people.read(who.company_id, contact_id, prospect_id)
        if (contact_id or prospect_id) and about is None:
            raise NotFoundError
        limit = limits.check(who.company_id)
        now = clock.now()
        job = AiJob(
            company_id=who.company_id,
            user_id=who.user_id,
            job_id=ids.new("job"),
            task=task,
            locale=locale,
            state=JobState.QUEUED,
            created_at=now,
            token_limit=limit,
            due_at=now + FIND_SECONDS,
            person=_person(who.company_id, about),
            contact_id=contact_id,
            prospect_id=prospect_id,
            input=dict(given),
        )
        store.ai.add(job, once)
        hint(job.company_id, job.user_id, job.job_id)
        return job.job_id

    # What the user may not read, no answer of a model tells them either.
    if contact_id is not None:
        sessions.permit(who, Permission.CONTACTS_READ)
    if prospect_id is not None:
        sessions.permit(who, Permission.PROSPECTS_READ)
    return repeats.once(who, repeat, again, make)


def check_allowed(company_id: str, task: str) -> None:
    """Whether the company lets AI do this: off until an admin switches it on (5.1). One read.

    Raises:
        RefusedError: ``ai_off`` or ``task_off``.
    """
    chosen = ai_settings.read(company_id)
    if chosen is None or not chosen.enabled:
        raise RefusedError("ai_off", "Your company has not switched AI on: please ask an admin.", clause="ai")
    if task not in chosen.tasks:
        raise RefusedError("task_off", "Your company has not allowed this task: ask an admin.", clause="ai")


def _fits(task: Task, given: Mapping[str, str], *, named: bool) -> None:
    wrong = [FieldError(f"input.{name}", "required") for name in sorted(task.needs - given.keys())]
    for name, text in given.items():
        taken = task.takes.get(name)
        if taken is None:
            wrong.append(FieldError("input", "unknown_field"))
        elif isinstance(taken, int) and len(text) > taken:
            wrong.append(FieldError(f"input.{name}", "too_long"))
        elif isinstance(taken, tuple) and text not in taken:
            wrong.append(FieldError(f"input.{name}", "not_one_of"))
        elif name in task.needs and not text.strip():
            wrong.append(FieldError(f"input.{name}", "required"))
    if task.needs_record and not named:
        wrong.append(FieldError("contact_id", "required"))
    if wrong:
        raise InvalidError(errors=wrong)


def _person(company_id: str, about: people.About | None) -> str | None:
    """The keyed hash under which the job is found when this person asks to be forgotten."""
    if about is None or about.email is None:
        return None
    return store.standing.person(company_id, addresses.parse(about.email).person)


def hint(company_id: str, user_id: str, job_id: str, *, delay: int = 0) -> None:
    """Let the worker know."""
    body: dict[str, str | int] = {"task": "job", "company": company_id, "user": user_id, "job": job_id}
    queues.hint(settings.QUEUE_AI, [body], delay=delay)


def read(who: Principal, job_id: str) -> AiJob:
    """One of the user's own jobs; NotFoundError for anybody else's."""
    return _own(who, job_id).value


def page(who: Principal, limit: int, before: str | None) -> list[AiJob]:
    """The user's own jobs, newest first, older than the one with id ``before``; one query."""
    return [one.value for one in store.ai.newest(who.company_id, who.user_id, limit, before, USE)]


def cancel(who: Principal, job_id: str) -> AiJob:
    """Stop a job. What a call under way brings is thrown away, and counted: it has been paid for. One that is
    cancelled already stays as it is.

    Raises:
        NotFoundError.
        ConflictError: ``over``, it is done or has failed.
    """
    for _ in range(TRIES):
        known = _own(who, job_id)
        if known.value.state is JobState.CANCELLED:
            return known.value
        if known.value.state in OVER:
            raise ConflictError("over", "This job is over.")
        now = clock.now()
        # Due at once: the worker tells the bus.
        stopped = replace(known.value, state=JobState.CANCELLED, finished_at=now, due_at=now)
        try:
            store.ai.change(known, stopped)
        except ConflictError:
            continue
        hint(who.company_id, who.user_id, job_id)
        return stopped
    raise ConflictError


def delete(who: Principal, job_id: str) -> None:
    """Delete what was asked and answered.

    Raises:
        NotFoundError.
        ConflictError: ``under_way``; cancel it first.
    """
    for _ in range(TRIES):
        known = _own(who, job_id)
        if known.value.state not in OVER:
            raise ConflictError("under_way", "This job is not over: please cancel it first.")
        try:
            store.ai.JOBS.delete(known)
        except ConflictError:
            continue
        return
    raise ConflictError


def _own(who: Principal, job_id: str) -> Stored[AiJob]:
    known = store.ai.get(who.company_id, who.user_id, job_id, USE)
    if known is None:
        raise NotFoundError
    return known
