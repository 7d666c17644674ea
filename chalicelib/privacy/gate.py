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
    {
        Purpose.IMPROVE_PRODUCTS: MappingProxyType(
            {
                Category.AI: ConsentPurpose.AI_IMPROVEMENT,
                Category.AUTOMATIC: ConsentPurpose.AI_IMPROVEMENT,
                Category.COOKIES: ConsentPurpose.COOKIES,
            }
        )
    }
)
"""Purposes whose consent is not the one given with the account, and which question covers each category: the
yes is shown each time, or there is none. A yes to cookies is none to what somebody wrote.

Of the purposes that rest on consent alone the others are covered by the account's (its end ends them), by the
client's (2.3.2), or by the notification choices, which the sender of a notification asks (2.2.1(i)).
"""


class Consented(NamedTuple):
    """A yes that is live now, as the consent service found it: to what, by which receipt, and whose (a user's
    id, or the keyed hash of a prospect or a visitor). It opens nobody else's data, and is not kept: what
    waits asks again.
    """

    purpose: ConsentPurpose
    receipt_id: str
    whose: str


def decide(
    role: Role, categories: Iterable[Category], use: Use, consent: Consented | None = None
) -> Decision:
    """Whether data held in ``role`` may be used so. Closed for what no table names and for a missing yes."""
    categories = tuple(categories)
    decision = may_collect(role, categories, use)
    if isinstance(decision, Refused) or isinstance(use, Duty) or use not in ASKED_APART:
        return decision
    asked = ASKED_APART[use]
    if consent is None or any(asked.get(category) is not consent.purpose for category in categories):
        return Refused("consent", "no_live_consent")
    return decision


def may_collect(role: Role, categories: Iterable[Category], use: Use) -> Decision:
    """Whether a record type may be made for this at all, before anybody is asked for a yes of their own."""
    for category in categories:
        decision = may_use(use, category)
        if isinstance(decision, Refused):
            return decision
    if not isinstance(use, Duty) and PURPOSES[use].role is not role:
        return Refused("roles", "role_outside_purpose")
    return Allowed()
