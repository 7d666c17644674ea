"""Bringing back what was left behind: rows whose queue message was lost, or whose worker died.

Only hints are sent; what happens to a row is decided by its own worker, which reads it. Sending a hint for a
row that is being worked on is therefore harmless.
"""

from __future__ import annotations

from typing import Final

from chalicelib import store
from chalicelib.gateways import queues
from chalicelib.kernel import clock, settings, telemetry
from chalicelib.services.keeping import expiry
from chalicelib.services.notifications import announcements

PER_RUN: Final = 2000
"""Rows looked at in one run of the schedule; the next run takes the rest."""


def sweep() -> None:
    """Send a hint for everything overdue: deliveries, account mail, members who left, people being erased,
    terms that end, requests to answer, policies to announce, holds, disclosures to tell of, consents taken
    back, prospects nobody has told, lists on their way in and out, loads of the base, what is over.
    Twenty-four queries a run when all is well.
    """
    now = clock.now()
    deliveries: list[dict[str, str | int]] = [
        {
            "company": key["company_id"],
            "message": key["message_id"],
            "number": int(key["number"]),
        }
        for key in store.due.deliveries(now, PER_RUN)
    ]
    notices: list[dict[str, str | int]] = [
        {"notice": key["notice_id"]} for key in store.due.notices(now, PER_RUN)
    ]
    leaving: list[dict[str, str | int]] = [
        {"task": "erase_member", "company": key["company_id"], "user": key["user_id"]}
        for key in store.due.leaving(now, PER_RUN)
    ]
    erasing: list[dict[str, str | int]] = [
        {"task": "erase_person", "company": key["company_id"], "person": key["person"]}
        for key in store.due.erasing(now, PER_RUN)
    ]
    reminders: list[dict[str, str | int]] = [
        {"task": "company_due", "company": key["company_id"]} for key in store.due.terms(now, PER_RUN)
    ]
    requested: list[dict[str, str | int]] = [
        {"task": "request", "request": key["request_id"]} for key in store.due.requests(now, PER_RUN)
    ]
    announced: list[dict[str, str | int]] = [
        {"task": "announce", "version": version} for version in announcements.wanted(now)
    ]
    queues.hint(settings.QUEUE_OUTBOX, deliveries)
    queues.hint(settings.QUEUE_NOTICES, notices)
    holds: list[dict[str, str | int]] = [
        {"task": "hold", "company": key["company_id"], "hold": key["hold_id"]}
        for key in store.due.holds(now, PER_RUN)
    ]
    untold: list[dict[str, str | int]] = [
        {"task": "tell_disclosed", "company": key["company_id"], "disclosure": key["disclosure_id"]}
        for key in store.due.silenced(now, PER_RUN)
    ]
    withdrawn: list[dict[str, str | int]] = [
        {"task": "forget_samples", "company": key["company_id"], "user": key["user_id"]}
        for key in store.due.withdrawn(now, PER_RUN)
    ]
    imports: list[dict[str, str | int]] = [
        {"task": "import", "company": key["company_id"], "import": key["import_id"]}
        for key in store.due.importing(now, PER_RUN)
    ]
    exports: list[dict[str, str | int]] = [
        {"task": "export", "company": key["company_id"], "export": key["export_id"]}
        for key in store.due.exporting(now, PER_RUN)
    ]
    loads: list[dict[str, str | int]] = [
        {"task": "load", "load": key["load_id"]} for key in store.due.loading(now, PER_RUN)
    ]
    queues.hint(settings.QUEUE_FILES, [*imports, *exports, *loads])
    uninformed: list[dict[str, str | int]] = [
        {"task": "notice_due", "company": key["company_id"], "prospect": key["prospect_id"]}
        for key in store.due.informing(now, PER_RUN)
    ]
    leaving_base: list[dict[str, str | int]] = [
        {"task": "withdraw", "prospect": key["prospect_id"]} for key in store.due.withdrawals(now, PER_RUN)
    ]
    asked: list[dict[str, str | int]] = [
        {"task": "job", "company": key["company_id"], "user": key["user_id"], "job": key["job_id"]}
        for key in store.due.ai_jobs(now, PER_RUN)
    ]
    queues.hint(settings.QUEUE_AI, asked)
    over = expiry.due_tasks(now, PER_RUN)
    due = [
        *leaving,
        *erasing,
        *reminders,
        *requested,
        *announced,
        *holds,
        *untold,
        *withdrawn,
        *uninformed,
        *leaving_base,
        *over,
    ]
    queues.hint(settings.QUEUE_TASKS, due)
    if deliveries or notices or leaving or erasing:
        telemetry.event(
            "swept",
            deliveries=len(deliveries),
            notices=len(notices),
            leaving=len(leaving),
            erasing=len(erasing),
        )
    if (
        reminders
        or requested
        or announced
        or holds
        or untold
        or withdrawn
        or uninformed
        or leaving_base
        or over
    ):
        telemetry.event(
            "taken_up",
            reminders=len(reminders),
            requests=len(requested),
            announced=len(announced),
            holds=len(holds),
            untold=len(untold),
            withdrawn=len(withdrawn),
            uninformed=len(uninformed),
            leaving_base=len(leaving_base),
            over=len(over),
        )
