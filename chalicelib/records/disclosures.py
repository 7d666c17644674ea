"""What was given, or is to be given, to somebody outside: the case, the question put to whose data it is, the
sealed payload while it waits, and what is left of it for access answers (3.1 to 3.3).

Recipients are people too, or have people: their names and addresses are sealed, and kept to record
disclosures, for nothing else.
"""

from __future__ import annotations

import base64
import hashlib
from enum import StrEnum

from chalicelib.privacy.disclosure_facts import Case, may_be_told
from chalicelib.privacy.disclosure_kinds import (
    Concerns,
    DisclosureKind,
    DisclosurePurpose,
    Ending,
    Step,
    TransferBasis,
)
from chalicelib.privacy.fields import opaque, personal, record
from chalicelib.privacy.register import Category, Duty, Role, Subject
from chalicelib.privacy.retention import Retention

_RECIPIENT = "keyed hash under the operator's key; the name is sealed"
_WANTED = "names of fields, such as user.email; never their values"
_PRESCRIBED = "given to a prescribed law enforcement agency without consent (PDPA s21(4))"


class Asked(StrEnum):
    """What a question is about."""

    AUTHORISATION = "authorisation"
    COMPLAINT = "complaint"


@record(
    kind="disclosure",
    table="operator",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.EVIDENCE,
    collected_for=Duty.DISCLOSE,
)
class Disclosure:
    """One case of the register, from the wish to its end; the staff's working file."""

    disclosure_id: str = opaque()
    kind: DisclosureKind = opaque()
    purpose: DisclosurePurpose = opaque()
    concerns: Concerns = opaque()
    company_id: str = opaque()
    user_id: str | None = opaque(why="whose data, or who wrote the message", default=None)
    contact_id: str | None = opaque(default=None)
    message_id: str | None = opaque(default=None)
    person: str | None = opaque(why="keyed hash of a contact's address", default=None)
    recipient: str = opaque(why=_RECIPIENT)
    wanted: tuple[str, ...] = opaque(why=_WANTED)
    opened_by: str = opaque()
    started_at: int = opaque()
    by: dict[str, str] = opaque(why="who took each step", default_factory=dict)
    at: dict[str, int] = opaque(why="when", default_factory=dict)
    marks: dict[str, str] = opaque(why="keyed hash of what each step was given", default_factory=dict)
    ending: Ending | None = opaque(default=None)
    question_id: str | None = opaque(why="whose yes it relies on", default=None)
    contract_ends_at: int | None = opaque(default=None)
    policy_version: str | None = opaque(why="that a successor is bound to", default=None)
    secret_until: int | None = opaque(why="before then an order forbids telling", default=None)
    prescribed: bool = opaque(why=_PRESCRIBED, default=False)
    recipient_country: str = opaque(why="ISO 3166 alpha-2, of the recipient", default="SG")
    transfer_basis: TransferBasis | None = opaque(why="on what it leaves Singapore", default=None)
    recipient_key: str | None = opaque(why="public X25519 key, base64", default=None)
    payload_hash: str | None = opaque(why="SHA-256 of the payload, which holds a random value", default=None)
    sealed_hash: str | None = opaque(why="SHA-256 of the file handed over", default=None)
    n_records: int | None = opaque(default=None)
    recipient_name: str = personal(Category.STORED, "name")
    recipient_contact: str = personal(Category.STORED, "email")
    law: str | None = personal(Category.STORED, "basis", default=None)
    reference: str | None = personal(Category.STORED, "source", default=None)
    secret_ground: str | None = personal(Category.STORED, "basis", default=None)
    release_reason: str | None = personal(Category.STORED, "basis", default=None)

    def may_be_told(self, now: int) -> bool:
        """Whether those concerned may hear of it."""
        withheld = self.prescribed and Step.RELEASE.value not in self.at
        return may_be_told(now, self.secret_until, withheld=withheld)

    def key_hash(self) -> str | None:
        """SHA-256 of the recipient's raw key, hex: what people compare."""
        if self.recipient_key is None:
            return None
        return hashlib.sha256(base64.b64decode(self.recipient_key)).hexdigest()

    def case(self) -> Case:
        """What the rules look at."""
        return Case(
            kind=self.kind,
            purpose=self.purpose,
            concerns=self.concerns,
            recipient=self.recipient,
            wanted=self.wanted,
            opened_by=self.opened_by,
            by={Step(name): who for name, who in self.by.items()},
            at={Step(name): int(when) for name, when in self.at.items()},
            ending=self.ending,
            contract_ends_at=self.contract_ends_at,
            country=self.recipient_country,
            key=self.key_hash(),
            prescribed=self.prescribed,
            secret_until=self.secret_until,
        )


@record(
    kind="disclosure_payload",
    table="operator",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.HANDOVER,
    collected_for=Duty.DISCLOSE,
)
class DisclosurePayload:
    """The payload on its way: sealed for its recipient, so that not even we can open it any more."""

    disclosure_id: str = opaque()
    by_id: str = opaque(why="who of the staff may take it")
    taken_at: int | None = opaque(default=None)
    sources: str = opaque(why="hashes of the keys of the rows in it, 8 characters each", default="")
    envelope: str = personal(Category.COMMUNICATIONS, "attachment", export=False)


@record(
    kind="disclosure_question",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.EVIDENCE,
    collected_for=Duty.DISCLOSE,
)
class DisclosureQuestion:
    """What somebody is asked before data about them is given away, and what they said."""

    company_id: str = opaque()
    user_id: str = opaque(why="whom it was put to: a user, or a company's admins by the company's id")
    question_id: str = opaque(export=True)
    asked: Asked = opaque(export=True)
    kind: DisclosureKind = opaque(export=True)
    purpose: DisclosurePurpose = opaque(export=True)
    wanted: tuple[str, ...] = opaque(why=_WANTED, export=True)
    recipient: str = opaque(why=_RECIPIENT)
    asked_at: int = opaque(export=True)
    answer_until: int | None = opaque(why="of a complaint", default=None, export=True)
    agreed: bool | None = opaque(default=None, export=True)
    answered_at: int | None = opaque(default=None, export=True)
    answered_by: str | None = opaque(default=None)
    text_version: str | None = opaque(why="of the words that were answered", default=None, export=True)
    recipient_country: str | None = opaque(why="ISO 3166 alpha-2", default=None, export=True)
    recipient_name: str = personal(Category.STORED, "name")
    words: str | None = personal(Category.COMMUNICATIONS, "text", default=None)


@record(
    kind="disclosed",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.EVIDENCE,
    collected_for=Duty.DISCLOSE,
)
class Disclosed:
    """That data was given away: what a company sees of it, and access answers tell."""

    company_id: str = opaque()
    disclosure_id: str = opaque(export=True)
    kind: DisclosureKind = opaque(export=True)
    purpose: DisclosurePurpose = opaque(export=True)
    concerns: Concerns = opaque(export=True)
    user_id: str | None = opaque(default=None)
    person: str | None = opaque(why="keyed hash of a contact's address", default=None)
    records: tuple[str, ...] = opaque(why="kinds of record in the payload")
    wanted: tuple[str, ...] = opaque(why=_WANTED, export=True)
    at: int = opaque(export=True)
    payload_hash: str = opaque(why="SHA-256 of what the recipient got")
    recipient: str | None = opaque(why=_RECIPIENT, default=None)
    recipient_country: str | None = opaque(why="ISO 3166 alpha-2", default=None, export=True)
    transfer_basis: TransferBasis | None = opaque(default=None, export=True)
    staff_id: str | None = opaque(why="who disclosed", default=None)
    secret_until: int | None = opaque(why="before then an order forbids telling", default=None)
    prescribed: bool = opaque(why=_PRESCRIBED, default=False)
    released_at: int | None = opaque(why="from when that may be told", default=None)
    told_at: int | None = opaque(why="proved in the company's chain, and those concerned told", default=None)
    not_handed_over_at: int | None = opaque(
        why="the file was deleted instead of handed over", default=None, export=True
    )
    recipient_name: str = personal(Category.STORED, "name")
    recipient_contact: str = personal(Category.STORED, "email")

    def may_be_told(self, now: int) -> bool:
        """Whether those concerned may hear of it."""
        withheld = self.prescribed and self.released_at is None
        return may_be_told(now, self.secret_until, withheld=withheld)

    def due_at(self) -> int | None:
        """When silence ends by itself and those concerned are to be told, epoch seconds; or None."""
        if self.told_at is not None or self.secret_until is None:
            return None
        return None if self.prescribed else self.secret_until


@record(
    kind="question_receipt",
    table="ledger",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.EVIDENCE,
)
class QuestionReceipt:
    """Proof of one answer: who, when, to exactly which question."""

    company_id: str = opaque()
    user_id: str = opaque(why="who answered")
    receipt_id: str = opaque(export=True)
    question_id: str = opaque(export=True)
    asked: Asked = opaque(export=True)
    kind: DisclosureKind = opaque(export=True)
    purpose: DisclosurePurpose = opaque(export=True)
    recipient: str = opaque(why=_RECIPIENT)
    wanted: tuple[str, ...] = opaque(why=_WANTED, export=True)
    agreed: bool = opaque(export=True)
    text_version: str = opaque(export=True)
    locale: str | None = opaque(why="the language in which the text was read", default=None, export=True)
    text_sha256: str | None = opaque(why="of the words that were shown", default=None, export=True)
    at: int = opaque(export=True)


@record(
    kind="disclosure_act",
    table="ledger",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.EVIDENCE,
)
class DisclosureAct:
    """Proof of one step, in the operator's chain; that data was given, in the company's as well."""

    company_id: str = opaque(why="whose chain this entry is in")
    act_id: str = opaque()
    disclosure_id: str = opaque()
    step: Step | None = opaque(why="None: the case was opened", default=None)
    staff_id: str = opaque()
    at: int = opaque()
    kind: DisclosureKind = opaque()
    purpose: DisclosurePurpose = opaque()
    concerns: Concerns = opaque()
    concerns_id: str = opaque(why="the company whose data it is")
    subject_id: str | None = opaque(why="the user, or the keyed hash of a person", default=None)
    recipient: str = opaque(why=_RECIPIENT)
    wanted: tuple[str, ...] = opaque(why=_WANTED)
    ending: Ending | None = opaque(default=None)
    question_id: str | None = opaque(default=None)
    policy_version: str | None = opaque(default=None)
    secret_until: int | None = opaque(default=None)
    payload_hash: str | None = opaque(default=None)
    sealed_hash: str | None = opaque(default=None)
    n_records: int | None = opaque(default=None)
    recipient_country: str = opaque(why="ISO 3166 alpha-2", default="SG")
    transfer_basis: TransferBasis | None = opaque(why="on what it leaves Singapore", default=None)
    prescribed: bool = opaque(why=_PRESCRIBED, default=False)
    given_at: int | None = opaque(why="of an entry that had to wait for the end of silence", default=None)
    handed_over: bool = opaque(why="the sealed file was taken out", default=False)
    not_handed_over: str | None = opaque(why="why it was deleted instead", default=None)
