"""Consent and refusal: who may be tracked, who may be written to, and who may undo a refusal.

Promise: pure answers from what is on record now, so that asking again when the mail leaves, and
again when the image loads, also covers mail already sent. Each rule says whether doubt opens or
closes it. Cost: callers must fetch the current stops; a cached answer is a wrong answer. Sources:
policy 2.2.1(d), 2.3, 3; CNIL 2026-042, EDPB 2/2023.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Final

from chalicelib.privacy.decisions import Allowed, Decision, Refused


class ConsentPurpose(StrEnum):
    """What a person is asked about, one question each."""

    ACCOUNT = "account"
    TRACKING = "tracking"
    MARKETING = "marketing"
    AI_IMPROVEMENT = "ai_improvement"
    LONGER_RETENTION = "longer_retention"
    SHARING = "sharing"
    COOKIES = "cookies"


class ConsentState(StrEnum):
    """Never asked is not the same as refused, and neither is a yes."""

    GRANTED = "granted"
    DENIED = "denied"
    UNKNOWN = "unknown"


class Stop(StrEnum):
    """What stands against an address at one company. Only the recipient, or their mail server,
    sets one.
    """

    UNSUBSCRIBED = "unsubscribed"
    TRACKING_REFUSED = "tracking_refused"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    ERASED = "erased"


class TrackingMode(StrEnum):
    """What loading the image of one mail may record."""

    NONE = "none"
    HYGIENE = "hygiene"
    FULL = "full"


class MessageKind(StrEnum):
    """What a company sends. Our own notices are no kind of message: they do not pass through
    here.
    """

    MARKETING = "marketing"
    BUSINESS = "business"


class CompanyState(StrEnum):
    """Where a client company stands; only an active one sends."""

    PENDING = "pending"
    ACTIVE = "active"
    EXPIRED = "expired"
    RESTRICTED = "restricted"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"


_SILENCING: Final = frozenset({Stop.TRACKING_REFUSED, Stop.UNSUBSCRIBED, Stop.COMPLAINED, Stop.ERASED})

_REFUSALS: Final = MappingProxyType(
    {
        ConsentPurpose.TRACKING: _SILENCING,
        ConsentPurpose.MARKETING: frozenset({Stop.UNSUBSCRIBED, Stop.COMPLAINED, Stop.ERASED}),
    }
)


def tracking_mode(message_tracking: bool, consent: ConsentState, stops: frozenset[Stop]) -> TrackingMode:
    """What the opening of one mail by one recipient may record, asked when the image loads.

    Full only with a yes on record and nothing against it. Closed in doubt: without an answer only
    the date of the last open is kept, to clean lists (the exemption of CNIL 2026-042); a no, from
    the consent or from any refusal of the recipient's, means no trace at all. A sender who did not
    ask for tracking gets none.
    """
    if not message_tracking or consent is ConsentState.DENIED or stops & _SILENCING:
        return TrackingMode.NONE
    if consent is ConsentState.GRANTED and not stops:
        return TrackingMode.FULL
    return TrackingMode.HYGIENE


def may_send(
    kind: MessageKind,
    company: CompanyState,
    marketing: ConsentState,
    stops: frozenset[Stop],
) -> Decision:
    """Whether a company's message may leave for one recipient, asked when the worker is about to
    send it.

    An inactive company, an erased person and an address that bounced for good stop everything.
    Unsubscribing, a complaint and a recorded no stop marketing, not ordinary business mail. Open in
    one doubt only: marketing without an answer on record leaves, because the client is the
    controller and warrants its basis (2.3.2), and each such mail carries the way out. Legal notices
    are ours, go elsewhere and are never stopped by these.
    """
    if company is not CompanyState.ACTIVE:
        return Refused("cancellation", "company_not_active")
    if Stop.ERASED in stops:
        return Refused("requests", "recipient_erased")
    if Stop.BOUNCED in stops:
        return Refused("communications", "address_bounced")
    if kind is MessageKind.BUSINESS:
        return Allowed()
    if Stop.COMPLAINED in stops:
        return Refused("consent", "recipient_complained")
    if Stop.UNSUBSCRIBED in stops:
        return Refused("consent", "recipient_unsubscribed")
    if marketing is ConsentState.DENIED:
        return Refused("consent", "marketing_denied")
    return Allowed()


def stands(state: ConsentState, purpose: ConsentPurpose, stops: frozenset[Stop]) -> bool:
    """Whether a recorded word is a yes now. Closed: what the person refused themselves is stronger than what
    a company recorded.
    """
    refused = isinstance(may_record_grant(stops, purpose), Refused)
    return state is ConsentState.GRANTED and not refused


def may_record_grant(
    stops: frozenset[Stop],
    purpose: ConsentPurpose = ConsentPurpose.TRACKING,
    *,
    by_recipient: bool = False,
) -> Decision:
    """Whether a yes may be recorded for an address. Closed: the company cannot overrule the
    recipient.

    What the recipient refused themselves, only the recipient takes back (GDPR 7(3), 21(3)).
    """
    against = stops & _REFUSALS.get(purpose, frozenset({Stop.ERASED}))
    if against and not by_recipient:
        return Refused("consent", "recipient_refused")
    return Allowed()
