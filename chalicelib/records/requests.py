"""Requests and complaints about personal data (8): what was asked, how far it is, who was told, the proof.

We are the controller of a request itself, whoever holds the data it is about. The client's own row is the
client's: sealed under its key, in its partition.
"""

from __future__ import annotations

from enum import StrEnum

from chalicelib.privacy.fields import opaque, personal, record
from chalicelib.privacy.register import Category, Duty, Role, Subject
from chalicelib.privacy.requests import Extension, Ground, Outcome, RequestKind, RequestState, Term
from chalicelib.privacy.retention import Retention


class Stage(StrEnum):
    """How far a verified request has been worked on by itself; each step can be repeated."""

    LOOK = "look"
    ACT = "act"
    COMPANIES = "companies"
    DONE = "done"


class CompanyDecision(StrEnum):
    """What a client made of a request that was passed on to it."""

    OPEN = "open"
    ERASING = "erasing"
    """Decided; what goes is going. Whoever repeats the decision finishes it."""
    DONE = "done"
    ERASED = "erased"
    HELD = "held"
    """Erased as far as a hold lets it; the rest is stored only, and goes when the hold does."""
    REFUSED = "refused"


class RequestAct(StrEnum):
    """One step of a request, as evidence names it."""

    RECEIVED = "received"
    VERIFIED = "verified"
    VERIFIED_AGAIN = "verified_again"
    ATTACHED = "attached"
    """To a request of the same mailbox for the same that is not answered yet."""
    ACTED = "acted"
    PASSED_ON = "passed_on"
    DECIDED = "decided"
    TO_STAFF = "to_staff"
    READ = "read"
    REMINDED = "reminded"
    ESCALATED = "escalated"
    EXTENDED = "extended"
    ERASURE_ASKED = "erasure_asked"
    """By one of the staff; it begins when another one confirms it."""
    ANSWERED = "answered"
    REFUSED = "refused"
    RECIPIENT_TOLD = "recipient_told"
    COPY_READ = "copy_read"
    COPY_KEPT = "copy_kept"


@record(
    kind="request_pending",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.REQUEST_UNVERIFIED,
    collected_for=Duty.ANSWER_REQUEST,
)
class PendingRequest:
    """A request whose mailbox is not proven. Nothing is done about it, and it goes by itself."""

    request_id: str = opaque()
    mailbox: str = opaque(why="keyed hash")
    wish: RequestKind = opaque()
    received_at: int = opaque(why="when the request came")
    locale: str = personal(Category.AUTOMATIC, "language")
    email: str = personal(Category.COMMUNICATIONS, "sender")
    details: str | None = personal(Category.COMMUNICATIONS, "text", default=None)


@record(
    kind="request_code",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.MAIL_CODE,
)
class RequestCode:
    """A code that is on its way to the mailbox of a request."""

    request_id: str = opaque()
    code_hash: str = opaque(why="keyed hash")
    until: int = opaque()


@record(
    kind="request",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.REQUEST,
    collected_for=Duty.ANSWER_REQUEST,
)
class Request:
    """A request whose mailbox is proven, and its answer. Sealed under the operator's key."""

    request_id: str = opaque()
    mailbox: str = opaque(why="keyed hash")
    wish: RequestKind = opaque(export=True)
    state: RequestState = opaque(export=True)
    stage: Stage = opaque(default=Stage.LOOK)
    received_at: int = opaque(why="when the request came", export=True)
    verified_at: int = opaque(export=True)
    extended_to: int | None = opaque(default=None, export=True)
    extension: Extension | None = opaque(default=None, export=True)
    closed_at: int | None = opaque(default=None, export=True)
    look_at: int | None = opaque(why="when the sweep takes it up if nobody else does", default=None)
    escalated_at: int | None = opaque(default=None)
    token_hash: str = opaque()
    token_until: int = opaque()
    company_id: str | None = opaque(why="of the account the mailbox had when it was proven", default=None)
    user_id: str | None = opaque(why="that account", default=None)
    prospect_id: str | None = opaque(
        why="the person in the base of prospects, if it had anything of the mailbox when it was proven",
        default=None,
    )
    data_open: bool = opaque(why="whether the token opens the account's data", default=False)
    outcomes: list[str] = opaque(default_factory=list, export=True)
    cursor_at: int | None = opaque(why="when the last company looked at had come", default=None)
    cursor_id: str | None = opaque(why="that company", default=None)
    companies: int = opaque(why="that hold something of the address", default=0)
    unreadable: int = opaque(why="companies whose rows could not be looked at", default=0)
    ground: Ground | None = opaque(default=None, export=True)
    attached_to: str | None = opaque(why="the request whose answer is this one's", default=None, export=True)
    erase_by: str | None = opaque(why="who of the staff wants the account erased", default=None)
    locale: str = personal(Category.AUTOMATIC, "language")
    email: str = personal(Category.COMMUNICATIONS, "sender")
    details: str | None = personal(Category.COMMUNICATIONS, "text", default=None)
    answer: str | None = personal(Category.COMMUNICATIONS, "text", default=None)

    def term(self) -> Term:
        """How long it has been given."""
        return Term(self.received_at, self.verified_at, self.extended_to)

    def found(self) -> frozenset[Outcome]:
        """What its answer says."""
        return frozenset(Outcome(name) for name in self.outcomes)


@record(
    kind="request_mailbox",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.REQUEST,
)
class MailboxRequest:
    """Leads from a mailbox to the requests that were proven to come from it."""

    mailbox: str = opaque(why="keyed hash")
    request_id: str = opaque()


@record(
    kind="request_open",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.REQUEST,
)
class OpenRequest:
    """A line of the list of what staff have to answer, in the order in which it is due. Nothing personal."""

    due_at: int = opaque()
    request_id: str = opaque()
    wish: RequestKind = opaque()
    received_at: int = opaque(why="when the request came")
    extended: bool = opaque(default=False)
    escalated: bool = opaque(default=False)


@record(
    kind="request_passed_on",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.REQUEST,
    collected_for=Duty.ANSWER_REQUEST,
)
class PassedOn:
    """A client that holds something of the address, as the requester's answer names it (2.3.2)."""

    request_id: str = opaque()
    company_id: str = opaque()
    company_request_id: str | None = opaque(why="its own row; none where nothing was passed on", default=None)
    at: int = opaque()
    decision: CompanyDecision = opaque(default=CompanyDecision.OPEN)
    decided_at: int | None = opaque(default=None)
    note: str | None = personal(Category.COMMUNICATIONS, "text", default=None)


@record(
    kind="company_request",
    table="accounts",
    subject=Subject.PROSPECT,
    role=Role.PROCESSOR,
    retention=Retention.REQUEST,
    collected_for=Duty.ANSWER_REQUEST,
)
class CompanyRequest:
    """A request as the client sees it that has to answer it: under an id and a key of its own.

    The address goes when the client erases the person, by this request or another of theirs; until then the
    client needs it to find whom it is about.
    """

    company_id: str = opaque()
    request_id: str = opaque()
    origin_id: str = opaque(why="the request as the operator has it; the client is not shown it")
    wish: RequestKind = opaque()
    person: str = opaque(why="keyed hash, as the company's other rows have it")
    at: int = opaque()
    due_at: int = opaque()
    decision: CompanyDecision = opaque(default=CompanyDecision.OPEN)
    decided_at: int | None = opaque(default=None)
    decided_by: str | None = opaque(why="the admin", default=None)
    email: str | None = personal(Category.COMMUNICATIONS, "sender", default=None)
    details: str | None = personal(Category.COMMUNICATIONS, "text", default=None)


@record(
    kind="objection",
    table="accounts",
    subject=Subject.PROSPECT,
    role=Role.CONTROLLER,
    retention=Retention.SUPPRESSION,
)
class Objection:
    """An address that may not be used by us, in no base of prospects and for no marketing (GDPR 21(3))."""

    person: str = opaque(why="keyed hash of the address: a person's, or their id in the base of prospects")
    at: int = opaque(export=True)
    wish: RequestKind = opaque(why="an objection, or an erasure", export=True)


@record(
    kind="refused_copy",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.REFUSED_COPY,
    collected_for=Duty.ANSWER_REQUEST,
)
class RefusedCopy:
    """A piece of what access was refused to, kept for a review (PDPA s22A)."""

    request_id: str = opaque()
    number: int = opaque()
    piece: str = personal(Category.COMMUNICATIONS, "attachment", export=False)


@record(
    kind="request_act",
    table="ledger",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.EVIDENCE,
)
class RequestEvidence:
    """Proof of one step of a request: ids, codes, times."""

    company_id: str = opaque(why="whose chain this entry is in")
    request_id: str = opaque()
    act_id: str = opaque()
    act: RequestAct = opaque()
    wish: RequestKind = opaque()
    at: int = opaque()
    mailbox: str | None = opaque(why="keyed hash", default=None)
    person: str | None = opaque(why="keyed hash, of an objection: it is written anew from this", default=None)
    due_at: int | None = opaque(default=None)
    staff_id: str | None = opaque(default=None)
    by_id: str | None = opaque(why="the client's admin who decided", default=None)
    concerns_id: str | None = opaque(
        why="the client, the disclosure or the other request it is about", default=None
    )
    outcomes: list[str] | None = opaque(default=None)
    decision: CompanyDecision | None = opaque(default=None)
    ground: Ground | None = opaque(default=None)
    extension: Extension | None = opaque(default=None)
