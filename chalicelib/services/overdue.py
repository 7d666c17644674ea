"""Bringing back what was left behind: rows whose queue message was lost, or whose worker died.

Only hints are sent; what happens to a row is decided by its own worker, which reads it. Sending a hint for a
row that is being worked on is therefore harmless.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from chalicelib import store
from chalicelib.gateways import queues
from chalicelib.kernel import clock, settings, telemetry
from chalicelib.services.keeping import expiry
from chalicelib.services.notifications import announcements

PER_RUN: Final = 2000
"""Rows looked at in one run of the schedule; the next run takes the rest."""


_Task = dict[str, str | int]
_Keys = Iterable[Mapping[str, str]]


def sweep() -> None:
    """Send a hint for everything overdue, each kind to its own worker. Twenty-five queries a run when all is
    well.
    """
    now, due = clock.now(), store.due
    deliveries: list[_Task] = [
        {"company": key["company_id"], "message": key["message_id"], "number": int(key["number"])}
        for key in due.deliveries(now, PER_RUN)
    ]
    tasks: dict[str, list[_Task]] = {
        "leaving": _tasks("erase_member", due.leaving(now, PER_RUN), company="company_id", user="user_id"),
        "erasing": _tasks("erase_person", due.erasing(now, PER_RUN), company="company_id", person="person"),
        "reminders": _tasks("company_due", due.terms(now, PER_RUN), company="company_id"),
        "requests": _tasks("request", due.requests(now, PER_RUN), request="request_id"),
        "holds": _tasks("hold", due.holds(now, PER_RUN), company="company_id", hold="hold_id"),
        "untold": _tasks(
            "tell_disclosed", due.silenced(now, PER_RUN), company="company_id", disclosure="disclosure_id"
        ),
        "withdrawn": _tasks(
            "forget_samples", due.withdrawn(now, PER_RUN), company="company_id", user="user_id"
        ),
        "uninformed": _tasks(
            "notice_due", due.informing(now, PER_RUN), company="company_id", prospect="prospect_id"
        ),
        "leaving_base": _tasks("withdraw", due.withdrawals(now, PER_RUN), prospect="prospect_id"),
        "workflows": _tasks("workflow", due.workflows(now, PER_RUN), workflow="workflow_id"),
        "successions": _tasks("succession", due.successions(now, PER_RUN), succession="succession_id"),
        "over": expiry.due_tasks(now, PER_RUN),
    }
    files = [
        *_tasks("import", due.importing(now, PER_RUN), company="company_id", **{"import": "import_id"}),
        *_tasks("export", due.exporting(now, PER_RUN), company="company_id", export="export_id"),
        *_tasks("load", due.loading(now, PER_RUN), load="load_id"),
    ]
    mass: list[_Task] = [{"announce": version} for version in announcements.wanted(now)]
    mass += [{"mass": key["mass_id"]} for key in due.masses(now, PER_RUN)]
    asked = _tasks("job", due.ai_jobs(now, PER_RUN), company="company_id", user="user_id", job="job_id")
    found: dict[str, list[_Task]] = {
        settings.QUEUE_OUTBOX: deliveries,
        settings.QUEUE_NOTICES: [{"notice": key["notice_id"]} for key in due.notices(now, PER_RUN)],
        settings.QUEUE_FILES: files,
        settings.QUEUE_AI: asked,
        settings.QUEUE_MASS: mass,
        settings.QUEUE_TASKS: [task for some in tasks.values() for task in some],
    }
    for queue, hints in found.items():
        queues.hint(queue, hints)
    swept = {
        "deliveries": len(found[settings.QUEUE_OUTBOX]),
        "notices": len(found[settings.QUEUE_NOTICES]),
        "files": len(files),
        "ai": len(asked),
        "mass": len(mass),
        **{name: len(some) for name, some in tasks.items()},
    }
    if any(swept.values()):
        telemetry.numbers("swept", swept)


def _tasks(task: str, keys: _Keys, **names: str) -> list[_Task]:
    """A task for each row; ``names``: what its body calls the parts of the row's key."""
    return [{"task": task, **{name: key[part] for name, part in names.items()}} for key in keys]
