"""What SES reports about sent mail: delivered, bounced, complained (clauses `communications`, `consent`).

Both shapes are understood: configuration-set events (``eventType``, with our tags) and identity
notifications (``notificationType``, with our header). Events come at least once and in any order; a state is
only ever moved forward. Who is stopped is who bounced or complained, not everybody the mail went to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import addresses, clock, ids
from chalicelib.kernel.errors import ConflictError, RetryLaterError
from chalicelib.privacy.consent import Stop
from chalicelib.records.messages import Delivery, OutboxState, Outcome
from chalicelib.services.notifications import mass_answers
from chalicelib.services.prospects import informing

HEADER: Final = mass_answers.HEADER
"""Carries ``company.message.number``: identity notifications know no tags."""

HARD_TRANSIENT: Final = "5.4.4"
"""SES calls a domain that does not exist transient; nobody will ever receive mail there."""

_OTHERS_EXPERIENCE: Final = {"OnAccountSuppressionList", "Suppressed"}
"""SES refused to try, because of a bounce or complaint that some company had: no stop for this one."""

_RANK: Final = {None: 0, Outcome.DELIVERED: 1, Outcome.BOUNCED: 2, Outcome.COMPLAINED: 3}


class Where(NamedTuple):
    """Which delivery an event is about."""

    company_id: str
    message_id: str
    number: int


def take(event: Mapping[str, Any]) -> None:
    """Note one event, about a user's message or one of our notices to many; others are ignored.

    Raises:
        RetryLaterError: several writers at once; the queue brings it back.
    """
    where = _where(event.get("mail", {}))
    if where is None:
        mass_answers.take(event)
        return
    match event.get("eventType") or event.get("notificationType"):
        case "Send":
            _move(where, None)
        case "Delivery":
            _move(where, Outcome.DELIVERED)
        case "Bounce":
            hard = _is_hard(event["bounce"])
            # A full mailbox may have room tomorrow, but the mail did leave.
            _move(where, Outcome.BOUNCED if hard else None)
            if hard and event["bounce"].get("bounceSubType") not in _OTHERS_EXPERIENCE:
                _stop(where, event["bounce"]["bouncedRecipients"], frozenset({Stop.BOUNCED}), "bounce")
        case "Reject":
            _reject(where)  # SES took it, and then found a virus in it
        case "Complaint" if _is_complaint(event["complaint"]):
            _move(where, Outcome.COMPLAINED)
            stops = frozenset({Stop.COMPLAINED})
            _stop(where, event["complaint"]["complainedRecipients"], stops, "complaint")
        case _:
            pass  # rendering failures, delays: nothing about a person follows from them


def _is_complaint(complaint: Mapping[str, Any]) -> bool:
    """False for "this was not spam", which travels the same way, and for what SES remembers of others."""
    wanted = complaint.get("complaintFeedbackType") == "not-spam"
    return not wanted and complaint.get("complaintSubType") not in _OTHERS_EXPERIENCE


def _is_hard(bounce: Mapping[str, Any]) -> bool:
    gone = bounce.get("bounceType") == "Permanent"
    nowhere = any(one.get("status") == HARD_TRANSIENT for one in bounce.get("bouncedRecipients", ()))
    return gone or nowhere


def _where(mail: Mapping[str, Any]) -> Where | None:
    tags = mail.get("tags", {})
    parts = [tags.get(name, [""])[0] for name in ("company", "message", "number")]
    if not all(parts):
        headers = {h.get("name", "").lower(): h.get("value", "") for h in mail.get("headers", ())}
        parts = headers.get(HEADER.lower(), "").split(".")
    match parts:
        case [company, message, number] if (
            ids.is_id(company, "co") and ids.is_id(message, "msg") and number.isdecimal()
        ):
            return Where(company, message, int(number))
        case _:
            return None


def header(delivery: Delivery) -> str:
    """The value of our header for one delivery; ids only."""
    return f"{delivery.company_id}.{delivery.message_id}.{delivery.number}"


def _move(where: Where, outcome: Outcome | None) -> None:
    """An event about a mail proves that it left, whatever became of SES's answer to us."""
    for _ in range(5):
        known = store.messages.delivery(*where)
        if known is None:
            return
        delivery = known.value
        better = outcome if _RANK[outcome] > _RANK[delivery.outcome] else delivery.outcome
        came_back = better is Outcome.BOUNCED or delivery.state is OutboxState.REFUSED
        if delivery.informs and not came_back:
            informing.by_message(delivery)  # once, whether or not SES's answer to us was lost
        lost = delivery.state in {OutboxState.UNKNOWN, OutboxState.SENDING}
        changed = replace(
            delivery,
            outcome=better,
            state=OutboxState.SENT if lost else delivery.state,
            sent_at=delivery.sent_at or clock.now(),
            due_at=None if lost else delivery.due_at,
        )
        if changed != delivery:
            try:
                store.messages.change_delivery(known, changed)
            except ConflictError:
                continue
        if delivery.informs and came_back:
            # Once that is on the delivery: whoever still notes that the mail left sees it there.
            informing.came_back(delivery)
        return
    raise RetryLaterError


def _reject(where: Where) -> None:
    known = store.messages.delivery(*where)
    if known is None:
        return
    if known.value.state is not OutboxState.REFUSED:
        refused = replace(known.value, state=OutboxState.REFUSED, reason="not_accepted", due_at=None)
        try:
            store.messages.change_delivery(known, refused)
        except ConflictError:
            raise RetryLaterError from None
    if known.value.informs:
        informing.came_back(known.value)


def _stop(where: Where, recipients: list[Mapping[str, Any]], stops: frozenset[Stop], method: str) -> None:
    for one in recipients:
        try:
            address = addresses.parse(one["emailAddress"])
        except ValueError:
            continue
        try:
            person = store.standing.person(where.company_id, address.person)
        except store.vault.KeyMissingError:
            return  # the company is gone, and with its keys all that its refusals could mean
        known = store.standing.of(where.company_id, person).stops
        if stops <= known or Stop.ERASED in known:
            continue  # known already, or never to be known again: a late event adds nothing
        store.standing.record_refusals(
            where.company_id, person, stops, active=True, at=clock.now(), method=method
        )
