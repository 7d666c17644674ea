"""How a person stands towards a company: consents recorded, refusals made. Keyed hashes, no address.

These rows outlive the contact: a refusal must still be known when the same address is imported again.
"""

from __future__ import annotations

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
