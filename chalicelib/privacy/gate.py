"""The purpose gate: whether data of a record may be used, or kept at all, for what somebody wants (2.3).

Promise: register, role, legal basis and, where the basis is a consent of its own, a live yes must agree;
what no table names is refused. The store asks at the two places that nothing passes by, where a record is
opened and where it is stored. A duty (answering a request, erasing, warning) is open for every role, because
the policy promises it whatever we are; each is bound to its section. Cost: one dictionary look-up per record
type and use.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType
from typing import Final, NamedTuple

from chalicelib.privacy.consent import ConsentPurpose
from chalicelib.privacy.decisions import Allowed, Decision, Refused
from chalicelib.privacy.register import PURPOSES, Category, Duty, Purpose, Role, Use, may_use

ASKED_APART: Final = MappingProxyType(
    {Purpose.IMPROVE_PRODUCTS: frozenset({ConsentPurpose.AI_IMPROVEMENT, ConsentPurpose.COOKIES})}
)
"""Purposes whose consent is not the one given with the account: the yes is shown each time, or there is none.

Of the purposes that rest on consent alone the others are covered by the account's (its end ends them), by the
client's (2.3.2), or by the notification choices, which the sender of a notification asks (2.2.1(i)).
"""


class Consented(NamedTuple):
    """A yes that is live now, as the consent service found it, with the receipt that proves it."""

    purpose: ConsentPurpose
    receipt_id: str


def decide(
    role: Role, categories: Iterable[Category], use: Use, consent: Consented | None = None
) -> Decision:
    """Whether data held in ``role`` may be used so. Closed for what no table names and for a missing yes."""
    for category in categories:
        decision = may_use(use, category)
        if isinstance(decision, Refused):
            return decision
    if isinstance(use, Duty):
        return Allowed()
    if PURPOSES[use].role is not role:
        return Refused("roles", "role_outside_purpose")
    asked = ASKED_APART.get(use)
    if asked is not None and (consent is None or consent.purpose not in asked):
        return Refused("consent", "no_live_consent")
    return Allowed()


def may_collect(role: Role, categories: Iterable[Category], use: Use) -> Decision:
    """Whether a record type may be made for this at all, before anybody is asked for a yes of their own."""
    yes = {purpose: Consented(next(iter(asked)), "") for purpose, asked in ASKED_APART.items()}
    return decide(role, categories, use, None if isinstance(use, Duty) else yes.get(use))
