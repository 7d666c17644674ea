"""The joint controller agreement: which company accepted which version, what it shared under it, who
complained, how far a withdrawal is, and the proof of each (appendix; clauses `joint-duties`,
`added-prospects`).
"""

from __future__ import annotations

from enum import StrEnum

from chalicelib.privacy import clocks
from chalicelib.privacy.fields import opaque, personal, record
from chalicelib.privacy.register import Category, Duty, Role, Subject
from chalicelib.privacy.requests import RequestKind
from chalicelib.privacy.retention import Retention


class ProspectStep(StrEnum):
    """What an entry of evidence is about."""

    ACCEPTED = "agreement_accepted"
    SHARED = "shared"
    TAKEN_BACK = "share_taken_back"
    COMPLAINED = "complaint_passed_on"
    COMPLAINT_READ = "complaint_read"
    COMPLAINT_CLOSED = "complaint_closed"
    BEGUN = "withdrawal_begun"
    WITHDRAWN = "withdrawn_here"
    DONE = "withdrawal_done"


class WithdrawalWhy(StrEnum):
    """Why somebody leaves the base. The first three come from the person; the last one from who shared."""

    OBJECTION = "objection"
    COMPLAINT = "complaint"
    ERASURE = "erasure"
    TAKEN_BACK = "taken_back"


@record(
    kind="agreement",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.SERVICE_TERM,
)
class Acceptance:
    """The version of the agreement that a company accepted last, and the very words that were shown."""

    company_id: str = opaque()
    version: str = opaque()
    locale: str = opaque()
    sha256: str = opaque(why="of the words that were shown")
    accepted_by: str = opaque(why="the admin")
    accepted_at: int = opaque()


@record(
    kind="sharing",
    table="prospects",
    subject=Subject.PROSPECT,
    role=Role.JOINT_CONTROLLER,
    retention=Retention.ADDED_PROSPECT,
)
class Sharing:
    """One request to share, as its company sees it: what was warranted, for whom. Who of them is in the base
    is not said: nobody is told who has objected.
    """

    company_id: str = opaque()
    share_id: str = opaque()
    shared_by: str = opaque(why="the user's id")
    shared_at: int = opaque(export=True)
    agreement_version: str = opaque(export=True)
    ground: str = opaque(why="the legal ground that was warranted", export=True)
    prospects: tuple[str, ...] = opaque(why="place in the request, a colon, keyed hash of the person")
    rejected: tuple[str, ...] = opaque(why="place in the request, a colon, a code")
    placed: bool = opaque(why="everybody was seen to; until then a repetition goes on", default=False)
    ending: bool = opaque(why="being taken back: nobody comes in under it any more", default=False)
    taken_back_at: int | None = opaque(default=None, export=True)


@record(
    kind="prospect_complaint",
    table="accounts",
    subject=Subject.PROSPECT,
    role=Role.CONTROLLER,
    retention=Retention.REQUEST,
    collected_for=Duty.ANSWER_REQUEST,
)
class ProspectComplaint:
    """What a person said to a company that shared or received them, passed on to us (2.1.3). Sealed under the
    operator's key: it is the operator who is told.
    """

    company_id: str = opaque()
    complaint_id: str = opaque()
    prospect_id: str = opaque()
    wish: WithdrawalWhy = opaque()
    passed_on_by: str = opaque(why="the user's id")
    passed_on_at: int = opaque()
    came_at: int = opaque(why="when the person said it, as the company says")
    closed_by: str | None = opaque(why="the member of staff", default=None)
    closed_at: int | None = opaque(default=None)
    details: str | None = personal(Category.COMMUNICATIONS, "text", default=None)
    note: str | None = personal(Category.COMMUNICATIONS, "text", default=None)

    @property
    def due_at(self) -> int:
        """Until when staff have to have dealt with it: the first clock of the law that runs from when the
        person said it (`privacy.clocks`); epoch seconds.
        """
        return clocks.first(clocks.deadlines(self.came_at, None)).ends_at


@record(
    kind="prospect_complaint_open",
    table="accounts",
    subject=Subject.PROSPECT,
    role=Role.CONTROLLER,
    retention=Retention.REQUEST,
)
class OpenProspectComplaint:
    """A line of the list of what companies passed on and nobody of the staff has dealt with, the first due
    first. Nothing personal.
    """

    due_at: int = opaque()
    complaint_id: str = opaque()
    company_id: str = opaque()
    prospect_id: str = opaque()
    wish: WithdrawalWhy = opaque()
    passed_on_at: int = opaque()
    came_at: int = opaque()


@record(
    kind="withdrawal",
    table="accounts",
    subject=Subject.PROSPECT,
    role=Role.CONTROLLER,
    retention=Retention.REQUEST,
    collected_for=Duty.ANSWER_REQUEST,
)
class Withdrawal:
    """Somebody on the way out of the base and of every company that received them through it.

    The address is there while companies are still to be told that it may not come back, and goes with the
    last of them.
    """

    prospect_id: str = opaque()
    withdrawal_id: str = opaque()
    why: WithdrawalWhy = opaque()
    began_at: int = opaque()
    due_at: int | None = opaque(
        why="when the sweep takes it up if nobody else does; None: done", default=None
    )
    after: str = opaque(why="the last company told, where the round goes one by one", default="")
    pieces: int = opaque(why="rounds begun", default=0)
    companies: int = opaque(why="that shared or received them, as found", default=0)
    complained: tuple[str, ...] = opaque(why="companies whose word began it: no credit back", default=())
    called: tuple[str, ...] = opaque(why="keyed hashes of the names the base had for them", default=())
    postings: tuple[str, ...] = opaque(why="keys of what found them, to be deleted", default=())
    done_at: int | None = opaque(default=None)
    email: str | None = personal(Category.COMMUNICATIONS, "sender", default=None)


@record(
    kind="prospect_act",
    table="ledger",
    subject=Subject.PROSPECT,
    role=Role.JOINT_CONTROLLER,
    retention=Retention.EVIDENCE,
)
class ProspectEvidence:
    """Proof of one step of sharing or withdrawing: ids, keyed hashes, codes, counts, times."""

    company_id: str = opaque(why="whose chain this entry is in")
    entry_id: str = opaque()
    act: ProspectStep = opaque()
    at: int = opaque()
    matter_id: str = opaque(why="the share, the complaint, the withdrawal or the version it is about")
    by_id: str | None = opaque(why="the user, or member of staff, who did it", default=None)
    version: str | None = opaque(why="of the agreement", default=None)
    sha256: str | None = opaque(why="of the words of the agreement that were shown", default=None)
    locale: str | None = opaque(default=None)
    ground: str | None = opaque(why="the legal ground that was warranted", default=None)
    informed: bool | None = opaque(why="that the people were informed, as warranted", default=None)
    prospect_id: str | None = opaque(default=None)
    person: str | None = opaque(
        why="what an objection is noted under, a keyed hash: it is written anew from this", default=None
    )
    why: WithdrawalWhy | None = opaque(default=None)
    wish: RequestKind | None = opaque(why="as the objection's note has it", default=None)
    received_at: int | None = opaque(why="when a person complained, as the company says", default=None)
    counts: dict[str, int] | None = opaque(default=None)
