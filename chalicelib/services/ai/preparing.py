"""Making the prompt of a job, and what its user is given of the answer (clause `ai`).

The rules are asked with fresh reads, everything is masked in one go, and the finished prompt is looked over
once more for what is known of anybody. What a task makes of the answer still has placeholders; the values go
in last.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from chalicelib import store
from chalicelib.gateways import model
from chalicelib.kernel import clock, telemetry
from chalicelib.privacy import placeholders
from chalicelib.privacy.consent import CompanyState
from chalicelib.privacy.placeholders import Key
from chalicelib.privacy.register import Purpose
from chalicelib.records.ai import AiJob
from chalicelib.services.ai import fencing, limits, people
from chalicelib.services.ai.shapes import JobInput, Prompt, Task, UnusableAnswerError


class NoAnswerError(Exception):
    """The job ends without an answer; carries the code of the reason."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Ready(NamedTuple):
    """All that a call takes. ``most``: what it can use, as `limits.estimate` says."""

    task: Task
    prompt: Prompt
    key: Key
    model: str
    most: list[int]


def prepare(job: AiJob) -> Ready:
    """Ask the rules with fresh reads, and make the prompt. One call for the company, one or three for whom it
    is about, at most six for whom its texts mention by a mail address.
    """
    from chalicelib.services.ai.tasks import TASKS

    task = TASKS.get(job.task)
    if task is None:
        raise NoAnswerError("task_off")
    of_company = {"company_id": job.company_id}
    user, company, access, chosen = store.table.get_together(
        (store.accounts.USERS, {**of_company, "user_id": job.user_id}),
        (store.accounts.COMPANIES, of_company),
        (store.accounts.ACCESS, of_company),
        (store.accounts.AI_SETTINGS, of_company),
        use=Purpose.CREATE_AND_LOGIN,
    )
    if user is None or company is None or access is None:
        raise NoAnswerError("company_not_active")
    if access.value.state_at(clock.now()) is not CompanyState.ACTIVE:
        raise NoAnswerError("company_not_active")
    if chosen is None or not chosen.value.enabled or job.task not in chosen.value.tasks:
        raise NoAnswerError("task_off")
    about = people.read(job.company_id, job.contact_id, job.prospect_id)
    if about is None and (job.contact_id or job.prospect_id):
        raise NoAnswerError("record_gone")
    texts = {f"given.{name}": text for name, text in job.input.items()}
    texts |= {f"about.{name}": text for name, text in (about.fields if about else {}).items()}
    texts |= {"writer.name": user.value.name, "writer.company": company.value.name}
    mentioned = people.mentioned(job.company_id, job.input.values())
    known = [*(about.known if about else ()), *people.of_writer(user.value, company.value), *mentioned]
    if company.value.website:
        texts["writer.website"] = company.value.website
    masked, key = placeholders.mask({name: fencing.clean(text) for name, text in texts.items()}, known)

    def of(group: str) -> dict[str, placeholders.Masked]:
        begins = f"{group}."
        return {name.removeprefix(begins): text for name, text in masked.items() if name.startswith(begins)}

    try:
        prompt = task.prepare(JobInput(task.name, of("given"), of("about"), of("writer"), job.locale))
        name = model.chosen()
    except (TypeError, ValueError, model.ForeignModelError) as error:  # ours: it will not be better next time
        telemetry.event("prompt_not_made", error=error, job_id=job.job_id)
        raise NoAnswerError("internal_error") from None
    # Not in our own words: nobody's text is in them, and people are called Mark, Will and Price.
    if any(key.names_somebody(fencing.inside(text)) for text in prompt.parts):
        telemetry.event("prompt_names_somebody", job_id=job.job_id)
        raise NoAnswerError("not_masked")
    size = sum(len(text.text.encode()) for text in (prompt.system, *prompt.parts))
    return Ready(task, prompt, key, name, limits.estimate(size, task.max_output_tokens, name))


def judged(answer: model.Answer, ready: Ready) -> dict[str, Any] | None:
    """What the task takes from an answer; None for nothing. Closed, whatever the model made the task stumble
    over: it has been paid for, and asking once more would be paid for again.
    """
    if answer.cut:
        return None
    try:
        return ready.task.read(answer.text, ready.prompt)
    except UnusableAnswerError:
        return None
    except Exception as error:
        telemetry.event("answer_not_read", error=error)
        return None


def finished(job: AiJob, judged: dict[str, Any], ready: Ready) -> dict[str, Any] | None:
    """An answer with the values back in, looked over once more by the tasks: a value is a stranger's text.
    None when they will not have it.
    """
    from chalicelib.services.ai import tasks

    unknown, output = _restored(judged, ready.key)
    if unknown:
        telemetry.event("placeholders_invented", count=unknown, job_id=job.job_id)
    try:
        return dict(
            tasks.finished(output, ready.prompt, lambda text: placeholders.restore(text, ready.key).text)
        )
    except UnusableAnswerError:
        return None


def _restored(value: Any, key: Key) -> tuple[int, Any]:
    """An answer with the values back in, wherever text is in it; and how many were invented."""
    if isinstance(value, str):
        made = placeholders.restore(value, key)
        return made.unknown, made.text
    if isinstance(value, Mapping):
        parts = {name: _restored(one, key) for name, one in value.items()}
        return sum(n for n, _ in parts.values()), {name: one for name, (_, one) in parts.items()}
    if isinstance(value, (list, tuple)):
        items = [_restored(one, key) for one in value]
        return sum(n for n, _ in items), [one for _, one in items]
    return 0, value
