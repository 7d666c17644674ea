"""What SES reports about mails of notices to many: that one left, though its answer was lost, or came back.

A mail that was accepted and did not come back costs no write here. Reports come at least once and in any
order; what came back stays so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from chalicelib import store
from chalicelib.kernel import clock, ids
from chalicelib.kernel.errors import ConflictError, RetryLaterError
from chalicelib.records.mass import Outcome

HEADER: Final = "X-Okki-Delivery"
"""Identity notifications know no tags."""
TRIES: Final = 5

_GAVE_UP: Final = {"MailboxFull", "MessageTooLarge", "ContentRejected", "AttachmentRejected"}
"""Bounces that SES calls transient, and which are no automatic answer: the mail is not there."""


def header(company_id: str, user_id: str, mass_id: str) -> str:
    """The value of our header for one mail; ids only."""
    return f"{company_id}.{user_id}.{mass_id}"


def take(event: Mapping[str, Any]) -> None:
    """Note one event; events about other mail are ignored. A read, and a write if it says something new.

    Raises:
        RetryLaterError: several writers at once; the queue brings it back.
    """
    key = _key(event.get("mail", {}))
    if key is None:
        return
    match event.get("eventType") or event.get("notificationType"):
        case "Send" | "Delivery" | "Complaint":
            _move(key, Outcome.ACCEPTED)
        case "Bounce":
            _move(key, Outcome.UNREACHABLE if _is_lost(event["bounce"]) else Outcome.ACCEPTED)
        case "Reject":
            _move(key, Outcome.REFUSED)
        case _:
            pass


def _is_lost(bounce: Mapping[str, Any]) -> bool:
    """Whether the mail will not be read. Closed: in doubt somebody counts as not reached, and is announced to
    in public. An automatic answer is reported as transient and general: that one was delivered.
    """
    nowhere = any(one.get("status") == "5.4.4" for one in bounce.get("bouncedRecipients", ()))
    return bounce.get("bounceType") != "Transient" or bounce.get("bounceSubType") in _GAVE_UP or nowhere


def _key(mail: Mapping[str, Any]) -> dict[str, Any] | None:
    tags = mail.get("tags", {})
    parts = [tags.get(name, [""])[0] for name in ("company", "user", "mass")]
    if not all(parts):
        headers = {h.get("name", "").lower(): h.get("value", "") for h in mail.get("headers", ())}
        parts = headers.get(HEADER.lower(), "").split(".")
    match parts:
        case [company, user, mass] if (
            ids.is_id(company, "co") and ids.is_id(user, "usr") and ids.is_id(mass, "mass")
        ):
            return {"company_id": company, "user_id": user, "mass_id": mass}
        case _:
            return None


def _move(key: dict[str, Any], outcome: Outcome) -> None:
    for _ in range(TRIES):
        known = store.mass.TOLD.get(**key)
        if known is None:
            return  # erased since
        told = known.value
        # What came back, or was refused after all, overrules what SES said first; nothing overrules that.
        if told.outcome is outcome or told.outcome in {Outcome.UNREACHABLE, Outcome.REFUSED}:
            return
        if outcome is Outcome.ACCEPTED and told.outcome not in {Outcome.CLAIMED, Outcome.UNKNOWN}:
            return
        changed = replace(told, outcome=outcome, accepted_at=told.accepted_at or clock.now())
        try:
            store.mass.TOLD.replace(known, changed, op=store.table.new_op())
        except ConflictError:
            continue
        return
    raise RetryLaterError
