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
    terms that end, requests to answer, policies to announce, holds, disclosures to tell of, what is over.
    Seventeen queries a run when all is well.
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
    over = expiry.due_tasks(now, PER_RUN)
    due = [*leaving, *erasing, *reminders, *requested, *announced, *holds, *untold, *over]
    queues.hint(settings.QUEUE_TASKS, due)
    if deliveries or notices or leaving or erasing:
        telemetry.event(
            "swept",
            deliveries=len(deliveries),
            notices=len(notices),
            leaving=len(leaving),
            erasing=len(erasing),
        )
    if reminders or requested or announced or holds or untold or over:
        telemetry.event(
            "taken_up",
            reminders=len(reminders),
            requests=len(requested),
            announced=len(announced),
            holds=len(holds),
            untold=len(untold),
            over=len(over),
        )
