"""What runs, where it stands, until when it waits and why, in words: for the operator's staff.

Asked of the rows alone. What Step Functions would say of an execution is not asked: the row decides, and one
that nobody carries shows as overdue.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from chalicelib import store
from chalicelib.kernel import clock
from chalicelib.records.workflows import OVER, Machine, Workflow
from chalicelib.services.workflows import engine

STAGES: Final[Mapping[Machine, Mapping[str, str]]] = {
    Machine.CANCELLATION: {
        "tell": "the company's people are told what is coming",
        "cool": "it can still be taken back",
        "freeze": "every way in is closed, nothing is sent any more",
        "offer": "a last export is offered",
        "erase": "everything of the company is deleted, page by page",
        "destroy": "the company's key is destroyed",
        "verify": "everything is looked for once more",
        "certify": "the certificate is sent",
        "forget": "the address kept for the certificate is deleted",
        "hold": "what a hold keeps is asked about again",
        "taken_back": "it was taken back; everything is opened again",
    },
    Machine.INCIDENT: {
        "scope": "who is affected is being found out",
        "assess": "somebody has to assess it",
        "tell": "the notices to people and clients begin",
        "reach": "people are being told",
        "announce": "it is announced in public for those whom nothing else reaches",
        "follow": "it is followed until the closing report",
    },
    Machine.DISCONTINUATION: {
        "announce": "the end is announced in public",
        "tell": "the notices begin",
        "count": "everybody is told, and thirty days are counted",
        "close": "the service is closed",
        "erase": "companies whose cancellation has not begun are looked for, and it begins",
        "certify": "what became of each company is counted",
        "empty": "the base of prospects is deleted",
        "finish": "what is left is closed",
    },
}
"""What is done at each stage; a structure test holds it against the deeds."""

REASONS: Final[Mapping[str, str]] = {
    "announced": "it is announced in public",
    "asked_again": "it was asked for once more",
    "asked": "the company's main administrator asked for it",
    "authority_first": "the PDPC has to hear of it before people do",
    "assessment": "somebody has to assess the incident",
    "base": "the base of prospects is being emptied",
    "caches": "processes may still remember the key for a moment",
    "certificate": "the certificate has not left yet",
    "closed": "the service is closed",
    "closing_report": "the closing report is not written yet",
    "companies": "companies are left whose cancellation has not begun",
    "companies_over": "every company is erased",
    "companies_under_way": "the companies' cancellations are under way",
    "confirmed": "a second person of the staff confirmed it",
    "cooling_off": "the time to think it over has not passed",
    "counted": "whom it concerns has been counted",
    "days_are_full": "thirty full days have passed since the last notice was accepted",
    "discontinued": "the product ends",
    "final_export": "the last export can still be fetched",
    "finished": "everything is done",
    "goes_on": "the rows called for another stage",
    "held": "a hold keeps something, and its key",
    "hold": "a hold that is not over keeps something",
    "left_over": "something was found that ought to be gone",
    "log_settling": "lines of the log may still come in",
    "looking": "the log and the register are read",
    "looking_again": "facts have changed",
    "mails_coming_back": "mails may still come back",
    "mails_leaving": "mails are leaving",
    "notices_under_way": "notices are being sent",
    "taken_back": "it was taken back",
    "telling_forbidden": "an authority forbids telling people",
    "telling": "notices have begun",
    "thirty_days": "the thirty days are running",
    "told": "everybody was told",
    "unrenewed": "the subscription ended six months ago",
}
"""What each code that a workflow carries says; a structure test holds it against the code. An act of somebody
that moved a workflow is shown as it is called.
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """A workflow in words. ``waits`` is whether its ``until`` is to come; ``overdue`` whether nobody has
    moved it on in time, so that the sweep starts another run.
    """

    workflow: Workflow
    doing: str
    reason: str | None
    waits: bool
    overdue: bool


def under_way(limit: int, after: tuple[int, str] | None = None) -> list[tuple[int, Standing]]:
    """What is not over, the most overdue first, each with the time by which the list is ordered; goes on
    after that time and id. Raises UnavailableError.
    """
    return [(due_at, _standing(one)) for due_at, one in store.workflows.under_way(limit, after)]


def of(workflow_id: str) -> Standing:
    """One, also when it is over (for 24 months). Raises NotFoundError."""
    return _standing(engine.find(workflow_id).value)


def _standing(one: Workflow) -> Standing:
    now, over = clock.now(), one.stage == OVER
    return Standing(
        workflow=one,
        doing="nothing is left to do" if over else STAGES[one.machine].get(one.stage, one.stage),
        reason=REASONS.get(one.why, one.why.replace("_", " ")) or None,
        waits=not over and one.until is not None and now < one.until,
        overdue=not over and now >= one.due_at,
    )
