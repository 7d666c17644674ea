"""Whoever takes over in a merger, an acquisition, a liquidation: bound by the policy, or everybody is asked
(3.2(b)).

Promise: nobody's data goes over under a binding that names another version than the one in force, nor untold,
nor unasked where nothing binds; silence is a no, and a yes that was taken back is none. Pure: facts in, a
decision out. Cost: a change of the policy in between means that all is stated and told anew.

The periods are ours: the policy gives none. GDPR 13(3), 14(4), 7; PDPA s18, s20 (purpose notified before
use), to confirm by counsel.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from chalicelib.privacy.decisions import Allowed, Decision, Refused
from chalicelib.privacy.disclosure_facts import Authorised, authorisation_ends

CLAUSE: Final = "merger"
_DAY: Final = 86_400
TOLD_BEFORE: Final = 30 * _DAY
"""Seconds between telling everybody and the day the successor takes over: as for the end of the product
(4.1.3). Judged by the plan when it is accepted, and by the mails on the day.
"""
FURTHEST: Final = 300 * _DAY
"""A day further away is not told of yet: the rows that say who has been told go after twelve months."""
TIME_TO_ANSWER: Final = 21 * _DAY
"""Seconds that everybody has to answer, at least."""


class Occasion(StrEnum):
    """What 3.2(b) names."""

    MERGER = "merger"
    ACQUISITION = "acquisition"
    REORGANISATION = "reorganisation"
    LIQUIDATION = "liquidation"
    SIMILAR = "similar"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is stated of a succession. ``reference``: of the document that binds the successor to the policy,
    and the version that it names; without one, until when everybody may answer. Times are epoch seconds.
    """

    takes_over_at: int
    reference: str | None
    policy_version: str | None
    answer_until: int | None

    @property
    def bound(self) -> bool:
        """Whether the successor is said to be bound."""
        return self.reference is not None or self.policy_version is not None


def may_begin(plan: Plan, in_force: str, now: int) -> Decision:
    """Whether people may be told, or asked, so. Judged when it is stated and once more when somebody else
    accepts it. Closed for what is missing, for the sake of whoever would learn of it too late.
    """
    if plan.takes_over_at < now + TOLD_BEFORE:
        return Refused(CLAUSE, "takes_over_too_soon")
    if plan.takes_over_at > now + FURTHEST:
        return Refused(CLAUSE, "takes_over_too_late")
    if plan.bound:
        return bound(plan, in_force)
    if plan.answer_until is None or plan.answer_until < now + TIME_TO_ANSWER:
        return Refused(CLAUSE, "answer_time_too_short")
    if plan.answer_until > plan.takes_over_at:
        return Refused(CLAUSE, "answers_after_takeover")
    return Allowed()


def bound(plan: Plan, in_force: str) -> Decision:
    """Whether what binds the successor binds it to the policy as it is now. Judged again on the day."""
    if not plan.reference or not plan.policy_version:
        return Refused(CLAUSE, "binding_document_missing")
    if plan.policy_version != in_force:
        return Refused(CLAUSE, "bound_to_another_policy")
    return Allowed()


def takes_over_from(plan: Plan, all_told_at: int | None) -> int | None:
    """When a successor that is bound may take over: on the day that was named, and not before everybody who
    was there has known of it for ``TOLD_BEFORE``, counted from the last mail that was accepted for delivery.
    None: not everybody has been told yet. Closed, for the sake of whoever would learn of it afterwards.
    """
    return None if all_told_at is None else max(plan.takes_over_at, all_told_at + TOLD_BEFORE)


def goes_along(said: Authorised | None, now: int) -> Decision:
    """Whether the data of somebody who was asked goes to the successor. Closed: only a yes, given to the
    words of now and not taken back, for as long as it holds.
    """
    if said is None or said.agreed is None or said.at is None:
        return Refused(CLAUSE, "authorisation_missing")
    if not said.agreed:
        return Refused(CLAUSE, "authorisation_refused")
    if not said.current or now >= authorisation_ends(said.at):
        return Refused(CLAUSE, "authorisation_expired")
    return Allowed()
