"""How a person stands towards a company: consents recorded, refusals made. Keyed hashes, no address.

These rows outlive the contact: a refusal must still be known when the same address is imported again.
"""

from __future__ import annotations

from enum import StrEnum

from chalicelib.privacy.consent import ConsentPurpose, ConsentState, Stop
from chalicelib.privacy.fields import opaque, record
from chalicelib.privacy.register import Role, Subject
from chalicelib.privacy.retention import Retention


@record(
    kind="consent",
    table="workspace",
    subject=Subject.PROSPECT,
    role=Role.PROCESSOR,
    retention=Retention.SUPPRESSION,
)
class Consent:
    """The latest word on one purpose, as a user of the company recorded it."""

    company_id: str = opaque()
    person: str = opaque(why="keyed hash of the address")
    purpose: ConsentPurpose = opaque()
    state: ConsentState = opaque()
    text_version: str = opaque()
    locale: str | None = opaque(why="the language in which a text of ours was read", default=None)
    text_sha256: str | None = opaque(why="of a text of ours; a company keeps its own", default=None)
    method: str = opaque()
    at: int = opaque()
    receipt_id: str = opaque()


@record(
    kind="refusal",
    table="workspace",
    subject=Subject.PROSPECT,
    role=Role.PROCESSOR,
    retention=Retention.SUPPRESSION,
)
class Refusal:
    """A stop: made by the person on the unsubscribe page, or learned from a bounce or complaint."""

    company_id: str = opaque()
    person: str = opaque(why="keyed hash of the address")
    stop: Stop = opaque()
    active: bool = opaque()
    at: int = opaque()


@record(
    kind="receipt",
    table="ledger",
    subject=Subject.PROSPECT,
    role=Role.PROCESSOR,
    retention=Retention.EVIDENCE,
)
class Receipt:
    """Proof of one consent or refusal: whose, what for, to which text, how, when."""

    company_id: str = opaque()
    receipt_id: str = opaque()
    who: str = opaque(why="keyed hash of the address")
    by: str | None = opaque(why="the user who recorded it; none when the person did", default=None)
    purpose: ConsentPurpose = opaque()
    state: ConsentState = opaque()
    text_version: str = opaque()
    locale: str | None = opaque(why="the language in which a text of ours was read", default=None)
    text_sha256: str | None = opaque(why="of a text of ours; a company keeps its own", default=None)
    method: str = opaque()
    at: int = opaque()


class Informed(StrEnum):
    """Where the duty to tell a person stands (GDPR 14; `joint-duties`)."""

    DUE = "due"
    GIVEN = "given"
    EXEMPT = "exempt"


class InformedHow(StrEnum):
    """How a person came to know, or why nobody has to tell them."""

    IN_MESSAGE = "in_message"
    BY_COMPANY = "by_company"
    EXEMPT = "exempt"
    BOUNCED = "bounced"
    """Only in the evidence: the mail that had counted came back, and they are to be told again."""


class Exemption(StrEnum):
    """The cases of GDPR 14(5) in which nobody has to be told; no others are taken."""

    ALREADY_INFORMED = "already_informed"
    DISPROPORTIONATE_EFFORT = "disproportionate_effort"
    LEGAL_OBLIGATION = "legal_obligation"
    CONFIDENTIALITY = "confidentiality"


@record(
    kind="informing",
    table="workspace",
    subject=Subject.PROSPECT,
    role=Role.JOINT_CONTROLLER,
    retention=Retention.INFORMING,
)
class Informing:
    """What a company that received a person from the base owes them: to say so, before anything else."""

    company_id: str = opaque()
    person: str = opaque(why="keyed hash of the address")
    prospect_id: str = opaque()
    due_at: int = opaque(why="a month after they were received, or the first message (14(3))")
    stocked: bool = opaque(why="received from what the operator stocks: the notice says where from")
    added: bool = opaque(why="received from what users shared: the notice says where from")
    state: Informed = opaque()
    how: InformedHow | None = opaque(default=None)
    ground: Exemption | None = opaque(default=None)
    by: str | None = opaque(why="the user who said so", default=None)
    at: int | None = opaque(why="when they were told", default=None)
    receipt: str | None = opaque(why="the entry of the company's chain that proves it", default=None)


@record(
    kind="informing_line",
    table="workspace",
    subject=Subject.PROSPECT,
    role=Role.JOINT_CONTROLLER,
    retention=Retention.INFORMING,
)
class InformingLine:
    """A line of a company's list of people to be told; and, once they have been, what leads from the prospect
    to the person.
    """

    company_id: str = opaque()
    place: str = opaque(why="`due`, or `done`: which of the two lists")
    prospect_id: str = opaque()
    person: str = opaque(why="keyed hash of the address")
    due_at: int = opaque()
    reminded: bool = opaque(why="its date has passed and the admins were told so", default=False)


@record(
    kind="informing_proof",
    table="ledger",
    subject=Subject.PROSPECT,
    role=Role.JOINT_CONTROLLER,
    retention=Retention.EVIDENCE,
)
class InformingProof:
    """Evidence that a person was told, how and when; or why they did not have to be; or that they were not,
    after all.
    """

    company_id: str = opaque()
    entry_id: str = opaque()
    who: str = opaque(why="keyed hash of the address")
    prospect_id: str = opaque()
    due_at: int = opaque()
    how: InformedHow = opaque()
    ground: Exemption | None = opaque(default=None)
    by: str | None = opaque(why="the user who said so", default=None)
    message_id: str | None = opaque(why="the message that carried the notice", default=None)
    told_at: int = opaque(why="when they were told, or were thought to be, as far as anybody says")
    at: int = opaque()
