"""The end of the service (4.1.3): who decided it, when it is, and how far it is. Ids, counts and times."""

from __future__ import annotations

from enum import StrEnum

from chalicelib.privacy.fields import opaque, record
from chalicelib.privacy.register import Role, Subject
from chalicelib.privacy.retention import Retention


class EndingState(StrEnum):
    """Where the end of the service stands."""

    PROPOSED = "proposed"
    """One of the staff proposed it; nobody was told, and nothing happens before another confirms it."""
    ANNOUNCED = "announced"
    """Confirmed: everybody is being told, or was; it can be taken back until the end."""
    CLOSED = "closed"
    """The end has come: every company is being cancelled."""
    OVER = "over"
    """Everything is deleted, or waits for the end of a hold."""
    TAKEN_BACK = "taken_back"


class EndingAct(StrEnum):
    """What was done about the end of the service."""

    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    ANNOUNCED = "announced"
    COUNTED = "counted"
    """The end was fixed: everybody had been told."""
    MOVED = "moved"
    """A later end, because a notice was accepted later than expected; never an earlier one."""
    TAKEN_BACK = "taken_back"
    CLOSED = "closed"
    EMPTIED = "emptied"
    """The operator's own base is deleted."""
    FINISHED = "finished"


class CompanyEnd(StrEnum):
    """How far one company is."""

    BEGUN = "begun"
    CERTIFIED = "certified"
    """Everything of it is erased, and its certificate has gone out."""
    HELD = "held"
    """All but what a legal matter keeps; the rest goes by itself when that ends."""
    GONE = "gone"
    """It was cancelled before the service ended."""


@record(
    kind="ending",
    table="accounts",
    subject=Subject.STAFF,
    role=Role.CONTROLLER,
    retention=Retention.WORKFLOW,
)
class Ending:
    """One end of the service, from its proposal to the last certificate."""

    ending_id: str = opaque()
    state: EndingState = opaque()
    wanted_at: int = opaque(why="the end that was asked for: it is never before that")
    ends_at: int = opaque(why="the end as it stands: 30 full days after the last notice, or later")
    words_en: str = opaque(why="public words of the operator: why, and where to go")
    words_zh: str = opaque(why="as words_en")
    proposed_by: str = opaque(why="a member of staff")
    proposed_at: int = opaque()
    confirmed_by: str | None = opaque(why="another one", default=None)
    confirmed_at: int | None = opaque(default=None)
    workflow_id: str | None = opaque(default=None)
    announcement_id: str | None = opaque(default=None)
    mass_id: str | None = opaque(why="the notices to everybody", default=None)
    announced_at: int | None = opaque(default=None)
    counted_at: int | None = opaque(why="when everybody who was there had been told", default=None)
    last_accepted_at: int | None = opaque(why="when the last notice was accepted for delivery", default=None)
    people: int = opaque(default=0)
    accepted: int = opaque(default=0)
    refused: int = opaque(why="notices that were not accepted, or came back", default=0)
    unreachable: int = opaque(default=0)
    taken_back_by: str | None = opaque(default=None)
    taken_back_at: int | None = opaque(default=None)
    closed_at: int | None = opaque(default=None)
    cursor_at: int | None = opaque(why="when the company passed last had come", default=None)
    cursor_id: str | None = opaque(why="that company", default=None)
    companies: int = opaque(why="that end with the service, as of the last look", default=0)
    certified: int = opaque(why="of these, cancelled with a certificate", default=0)
    held: int = opaque(why="of these, kept in part for a legal matter", default=0)
    unfinished: int = opaque(why="of these, neither yet", default=0)
    emptied: int = opaque(why="rows of the operator's own base that were deleted", default=0)
    over_at: int | None = opaque(default=None)


@record(
    kind="ending_now",
    table="accounts",
    subject=Subject.STAFF,
    role=Role.CONTROLLER,
    retention=Retention.SERVICE_TERM,
)
class EndingNow:
    """That the service ends, for whoever wants to join: one read. Written when the end is confirmed, gone
    when it is taken back; that there is one row keeps two ends from being under way.
    """

    ending_id: str = opaque()
    ends_at: int = opaque()
    joining_ends_at: int = opaque(why="from then on nobody joins; it stays where it is when the end moves")
    closed: bool = opaque(why="the end has come", default=False)


@record(
    kind="ending_company",
    table="accounts",
    subject=Subject.STAFF,
    role=Role.CONTROLLER,
    retention=Retention.WORKFLOW,
)
class EndingCompany:
    """One company that ends with the service: that its cancellation began, and that it came to its end."""

    ending_id: str = opaque()
    company_id: str = opaque()
    state: CompanyEnd = opaque()
    begun_at: int = opaque()
    over_at: int | None = opaque(default=None)


@record(
    kind="ending_evidence",
    table="ledger",
    subject=Subject.STAFF,
    role=Role.CONTROLLER,
    retention=Retention.EVIDENCE,
)
class EndingEvidence:
    """Proof of each step of the end of the service, in the operator's chain."""

    company_id: str = opaque(why="the operator's chain")
    act_id: str = opaque()
    act: EndingAct = opaque()
    ending_id: str = opaque()
    at: int = opaque()
    staff_id: str | None = opaque(why="who did it; None: the workflow itself", default=None)
    ends_at: int = opaque()
    announcement_id: str | None = opaque(default=None)
    mass_id: str | None = opaque(default=None)
    last_accepted_at: int | None = opaque(default=None)
    people: int = opaque(default=0)
    accepted: int = opaque(default=0)
    refused: int = opaque(default=0)
    unreachable: int = opaque(default=0)
    companies: int = opaque(default=0)
    certified: int = opaque(default=0)
    held: int = opaque(default=0)
    emptied: int = opaque(default=0)
