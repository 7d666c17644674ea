"""The end of a company's account (5.3): how far it is, and proof of each step.

It lies with the operator: it must outlive the company's own partition and key. Of people it knows one, to
whom the certificate goes, in a row of its own under the operator's key; that goes once the certificate has.
"""

from __future__ import annotations

from enum import StrEnum

from chalicelib.privacy.consent import CompanyState
from chalicelib.privacy.fields import opaque, personal, record
from chalicelib.privacy.register import Category, Purpose, Role, Subject
from chalicelib.privacy.retention import Retention


class Why(StrEnum):
    """What a cancellation rests on."""

    ASKED = "asked"
    """The company's main account asked for it; only this one has a time to think it over."""
    UNRENEWED = "unrenewed"
    """Six months have passed since the term ended, and nothing was ordered (5.3)."""
    DISCONTINUED = "discontinued"
    """The product has ended (4.1.3)."""


class CancellationState(StrEnum):
    """Where a cancellation stands, as the company sees it."""

    COOLING_OFF = "cooling_off"
    """Asked for; the company reads and exports, and any admin may take it back."""
    FREEZING = "freezing"
    """Begun without a time to think it over; the doors close with the next step."""
    FROZEN = "frozen"
    """Every account is closed; nothing is deleted yet."""
    ERASING = "erasing"
    """From here on nothing can be taken back."""
    HELD = "held"
    """All is gone but what a legal matter keeps."""
    DONE = "done"
    TAKEN_BACK = "taken_back"


class Act(StrEnum):
    """A step that is put on record."""

    ASKED = "asked"
    TAKEN_BACK = "taken_back"
    FROZEN = "frozen"
    OFFERED = "offered"
    """The final export was offered by mail."""
    FETCHED = "fetched"
    """A file of the final export was fetched with the code."""
    ERASING = "erasing"
    ERASED = "erased"
    """Looked for everywhere by other means than the eraser's, and nothing found but what is held."""
    CERTIFIED = "certified"
    ADDRESS_GONE = "address_gone"
    RELEASED = "released"
    """No hold is left; the rest is erased now."""


@record(
    kind="cancellation",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.WORKFLOW,
)
class Cancellation:
    """The one cancellation of a company, under way or over; one that was taken back gives way to the next.
    Ids, codes, numbers and times: nothing in it is about a person.
    """

    company_id: str = opaque()
    cancellation_id: str = opaque()
    workflow_id: str = opaque()
    why: Why = opaque()
    state: CancellationState = opaque()
    before: CompanyState = opaque(why="the company's state before, for taking it back")
    asked_by: str | None = opaque(why="id of the user; None: the operator", default=None)
    asked_at: int = opaque()
    cools_until: int | None = opaque(why="until then it may be taken back; None: never", default=None)
    frozen_at: int | None = opaque(default=None)
    code_hash: str | None = opaque(why="SHA-256 of the code to the final export", default=None)
    export_until: int | None = opaque(why="until then the final export can be fetched", default=None)
    erasing_at: int | None = opaque(why="from then on nothing can be taken back", default=None)
    cursor: str | None = opaque(why="how far the piecewise work of this stage is", default=None)
    counts: dict[str, int] = opaque(why="rows erased by kind, all in all", default_factory=dict)
    released: dict[str, int] = opaque(
        why="rows by kind that the last hold had kept: what a second certificate is about",
        default_factory=dict,
    )
    held: dict[str, int] = opaque(why="rows by kind that open holds keep", default_factory=dict)
    told: dict[str, int] = opaque(
        why="of those, the rows that holds keep which are told of: what a certificate may count",
        default_factory=dict,
    )
    laws: tuple[str, ...] = opaque(
        why="provisions that are told of; never those of a secret hold", default=()
    )
    secret: bool = opaque(why="a hold keeps something that the company must not learn of", default=False)
    silent: bool = opaque(
        why="the last hold was never told of: what follows its end is not proved in the company's chain",
        default=False,
    )
    review_at: int | None = opaque(why="when the holds that are told of are looked at again", default=None)
    rounds: int = opaque(why="how often the last look found something left", default=0)
    erased_at: int | None = opaque(default=None)
    unreadable_at: int | None = opaque(default=None)
    unrecoverable_at: int | None = opaque(default=None)
    certificates: int = opaque(why="how many went out", default=0)
    notice_id: str | None = opaque(why="the last mail to the address, while it may still wait", default=None)

    @property
    def under_way(self) -> bool:
        """Whether it still moves."""
        return self.state not in {CancellationState.DONE, CancellationState.TAKEN_BACK}

    @property
    def can_be_undone(self) -> bool:
        """Whether nothing has been deleted yet."""
        return self.state in {
            CancellationState.COOLING_OFF,
            CancellationState.FREEZING,
            CancellationState.FROZEN,
        }


@record(
    kind="certificate_address",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.WORKFLOW,
    collected_for=Purpose.CREATE_AND_LOGIN,
)
class CertificateAddress:
    """Where the final export and the certificate go: the main account's mailbox as it was when the
    cancellation began, kept for that alone and deleted as soon as the last certificate has left.
    """

    company_id: str = opaque()
    user_id: str = opaque()
    email: str = personal(Category.LOGON, "work_mailbox")
    name: str = personal(Category.LOGON, "company")
    locale: str = personal(Category.AUTOMATIC, "language")


@record(
    kind="cancellation_step",
    table="ledger",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.EVIDENCE,
)
class CancellationStep:
    """Proof of one step, in the company's chain; what only a secret hold explains is in the operator's."""

    company_id: str = opaque()
    concerns_id: str = opaque(why="the company, also where the chain is the operator's")
    cancellation_id: str = opaque()
    step_id: str = opaque()
    act: Act = opaque()
    why: Why = opaque()
    by: str | None = opaque(why="id of the user; None: the machine", default=None)
    at: int = opaque()
    counts: dict[str, int] = opaque(why="rows by kind", default_factory=dict)
    held: dict[str, int] = opaque(why="rows by kind that holds keep", default_factory=dict)
    laws: tuple[str, ...] = opaque(default=())
    unreadable_at: int | None = opaque(default=None)
    unrecoverable_at: int | None = opaque(default=None)
