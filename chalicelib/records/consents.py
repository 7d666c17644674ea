"""What users agreed to towards us, the controller of their data. Ids only; texts are in ``privacy.texts``."""

from __future__ import annotations

from chalicelib.privacy.consent import ConsentPurpose, ConsentState
from chalicelib.privacy.fields import opaque, record
from chalicelib.privacy.register import Role, Subject
from chalicelib.privacy.retention import Retention


@record(
    kind="user_consent",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.SERVICE_TERM,
)
class UserConsent:
    """A user's latest word on one purpose."""

    company_id: str = opaque()
    user_id: str = opaque()
    purpose: ConsentPurpose = opaque(export=True)
    state: ConsentState = opaque(export=True)
    text_version: str = opaque(export=True)
    locale: str | None = opaque(why="the language in which the text was read", default=None, export=True)
    text_sha256: str | None = opaque(why="of the words that were shown", default=None, export=True)
    method: str = opaque(export=True)
    at: int = opaque(export=True)
    receipt_id: str = opaque(export=True)
    forgotten_at: int | None = opaque(why="when what the yes before it covered was gone", default=None)


@record(
    kind="user_receipt",
    table="ledger",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.EVIDENCE,
)
class UserReceipt:
    """Proof of one such word; it outlives the account."""

    company_id: str = opaque()
    user_id: str = opaque()
    receipt_id: str = opaque(export=True)
    purpose: ConsentPurpose = opaque(export=True)
    state: ConsentState = opaque(export=True)
    text_version: str = opaque(export=True)
    locale: str | None = opaque(why="the language in which the text was read", default=None, export=True)
    text_sha256: str | None = opaque(why="of the words that were shown", default=None, export=True)
    policy_version: str = opaque(export=True)
    method: str = opaque(export=True)
    at: int = opaque(export=True)
