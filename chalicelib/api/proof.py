"""How receipts look: what was said, to which words, and where the chain of evidence holds it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from chalicelib.kernel import clock
from chalicelib.records.consents import UserReceipt
from chalicelib.records.disclosures import QuestionReceipt
from chalicelib.records.notifications import NotificationReceipt
from chalicelib.records.standing import Receipt

if TYPE_CHECKING:
    from chalicelib.store.receipts import Placed


def own(receipt: UserReceipt) -> dict[str, Any]:
    """A user's word to us."""
    return {
        "id": receipt.receipt_id,
        "purpose": receipt.purpose.value,
        "state": receipt.state.value,
        "text_version": receipt.text_version,
        "locale": receipt.locale,
        "text_sha256": receipt.text_sha256,
        "policy_version": receipt.policy_version,
        "method": receipt.method,
        "at": clock.rfc3339(receipt.at),
    }


def own_placed(receipt: Placed[UserReceipt]) -> dict[str, Any]:
    """The same with its place in the chain."""
    return {**own(receipt.value), "evidence": _entry(receipt)}


def switched(receipt: Placed[NotificationReceipt]) -> dict[str, Any]:
    """A change of what a user wants to hear: all that was switched after it."""
    said = receipt.value
    return {
        "id": said.receipt_id,
        "switched": said.switched,
        "method": said.method,
        "at": clock.rfc3339(said.at),
        "evidence": _entry(receipt),
    }


def shared(receipt: Placed[QuestionReceipt]) -> dict[str, Any]:
    """An answer about giving data away: the text stands above a question that named all the rest."""
    said = receipt.value
    return {
        "id": said.receipt_id,
        "question_id": said.question_id,
        "purpose": said.purpose.value,
        "fields": list(said.wanted),
        "agreed": said.agreed,
        "text_version": said.text_version,
        "locale": said.locale,
        "text_sha256": said.text_sha256,
        "at": clock.rfc3339(said.at),
        "evidence": _entry(receipt),
    }


def of_contact(receipt: Placed[Receipt]) -> dict[str, Any]:
    """A contact's word to a company. ``text_kept_by`` says who can show the words: we, where there is a
    digest; the company, where it named a text of its own; nobody, where none was shown.
    """
    said = receipt.value
    keeper = "okki" if said.text_sha256 is not None else "company" if said.text_version else "nobody"
    return {
        "id": said.receipt_id,
        "purpose": said.purpose.value,
        "state": said.state.value,
        "text_version": said.text_version,
        "locale": said.locale,
        "text_sha256": said.text_sha256,
        "text_kept_by": keeper,
        "method": said.method,
        "recorded_by": said.by,
        "at": clock.rfc3339(said.at),
        "evidence": _entry(receipt),
    }


def _entry(receipt: Placed[Any]) -> dict[str, Any]:
    """Exactly what the chain covers, under the names that are hashed, and the hash."""
    return {**asdict(receipt.entry), "link": receipt.link}
