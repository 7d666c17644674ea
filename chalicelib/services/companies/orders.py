"""Whether a text is an order of billing: its signature, and then its members.

Closed: what is not signed by a key we were told is nothing, wherever it came from (the bus says who sent an
event, and anybody in the account may claim to be billing).
"""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple

from chalicelib.kernel import clock, ids, settings
from chalicelib.records.subscriptions import Order, OrderKind, Plan

MAX_MONTHS: Final = 60
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""Of an order. Part of a row's key, so nothing that separates the parts of one."""
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)")
"""RFC 3339, 5.6, with a capital T and Z."""
_EARLIEST: Final = datetime(2020, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)
_MEMBERS: Final = frozenset({"order_id", "company_id", "plan", "starts_at", "months", "kind", "placed_at"})


class Refusal(StrEnum):
    """Why an order was not taken."""

    MALFORMED = "malformed"
    """The event is not of the shape that billing sends."""
    BAD_SIGNATURE = "bad_signature"
    UNKNOWN_KEY = "unknown_key"
    UNREADABLE = "unreadable"
    """Signed by billing and not understood: a member or a plan we do not know."""
    UNKNOWN_COMPANY = "unknown_company"
    COMPANY_CANCELLED = "company_cancelled"
    TOO_LATE = "too_late"
    """Placed when six months had passed since the term, and the account had begun to end (5.3)."""
    ID_USED_AGAIN = "id_used_again"
    """Another order of the company has this number."""

    @property
    def may_be_cured(self) -> bool:
        """Whether the event is kept for a person to look at: what billing signed may be paid money."""
        return self not in {Refusal.MALFORMED, Refusal.BAD_SIGNATURE}


class OrderRefusedError(Exception):
    """An order that cannot be taken. Carries no text of its own."""

    def __init__(self, refusal: Refusal, company_id: str | None = None) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal
        self.company_id = company_id


class _Event(NamedTuple):
    key: str
    order: bytes
    signature: bytes


def read(detail: object) -> Order:
    """The order in an event's detail `{key, order, signature}`; the signature covers the bytes of `order`.

    Raises:
        OrderRefusedError: it is not one of billing's, or not one we understand.
    """
    event = _event(detail)
    _verify(event)
    return _order(event.order)


def _event(detail: object) -> _Event:
    if not isinstance(detail, dict) or detail.keys() != set(_Event._fields):
        raise OrderRefusedError(Refusal.MALFORMED)
    key, order, signature = (detail[name] for name in _Event._fields)
    if not all(isinstance(part, str) for part in (key, order, signature)):
        raise OrderRefusedError(Refusal.MALFORMED)
    try:
        return _Event(key, order.encode(), base64.b64decode(signature, validate=True))
    except ValueError:
        raise OrderRefusedError(Refusal.MALFORMED) from None


def _verify(event: _Event) -> None:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    known = dict(entry.split(":", 1) for entry in settings.billing_keys().split(",") if ":" in entry)
    public = known.get(event.key)
    if public is None:
        raise OrderRefusedError(Refusal.UNKNOWN_KEY)
    try:
        Ed25519PublicKey.from_public_bytes(base64.b64decode(public)).verify(event.signature, event.order)
    except InvalidSignature:
        raise OrderRefusedError(Refusal.BAD_SIGNATURE) from None


def _order(text: bytes) -> Order:
    try:
        said = json.loads(text)
        if not _is_complete(said):
            raise OrderRefusedError(Refusal.UNREADABLE)
        return Order(
            company_id=said["company_id"],
            order_id=said["order_id"],
            taken_at=clock.now(),
            plan=Plan(said["plan"]),
            months=said["months"],
            starts_at=_seconds(said["starts_at"]),
            placed_at=_seconds(said["placed_at"]),
            order_kind=OrderKind(said["kind"]),
        )
    except (ValueError, TypeError, RecursionError):
        raise OrderRefusedError(Refusal.UNREADABLE) from None


def _is_complete(said: Any) -> bool:
    """No member too few, and none too many: with one we do not know billing means something we would not
    do.
    """
    if not isinstance(said, dict) or said.keys() != _MEMBERS:
        return False
    months, company_id, order_id = said["months"], said["company_id"], said["order_id"]
    if type(months) is not int or not 1 <= months <= MAX_MONTHS:
        return False
    return ids.is_id(company_id, "co") and _ID.fullmatch(order_id) is not None


def _seconds(said: Any) -> int:
    if not _TIME.fullmatch(said):
        raise ValueError
    at = datetime.fromisoformat(said)
    if not _EARLIEST <= at < _LATEST:
        raise ValueError
    return int(at.timestamp())
