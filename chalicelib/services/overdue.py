"""Bringing back what was left behind: rows whose queue message was lost, or whose worker died.

Only hints are sent; what happens to a row is decided by its own worker, which reads it. Sending a hint for a
row that is being worked on is therefore harmless.
"""

from __future__ import annotations

from typing import Final

from chalicelib import store
from chalicelib.gateways import queues
from chalicelib.kernel import clock, settings, telemetry

PER_RUN: Final = 2000
"""Rows looked at in one run of the schedule; the next run takes the rest."""


def sweep() -> None:
    """Send a hint for everything overdue: deliveries and account mail. Two queries a run when all is well."""
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
    queues.hint(settings.QUEUE_OUTBOX, deliveries)
    queues.hint(settings.QUEUE_NOTICES, notices)
    if deliveries or notices:
        telemetry.event("swept", deliveries=len(deliveries), notices=len(notices))
