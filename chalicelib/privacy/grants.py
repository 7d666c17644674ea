"""When somebody of the staff may look at a company's data: asked for, approved by another, short (4.3.2).

Promise: nobody approves their own wish; a grant names one company, a purpose and a ticket, lasts sixty
minutes at most, and is judged anew at every use against the people of now: who asked and who approved must
still be such as could. Taking data out in bulk takes two approvals, and so does a look that the company is
not shown.
Pure: states in, states or refusals out.
Cost: a colleague who loses their standing ends, with it, what they have approved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from chalicelib.privacy.decisions import Allowed, Decision, Refused
from chalicelib.privacy.personnel import Right, Standing, may
from chalicelib.privacy.register import Duty, Purpose, Role, Use

MAX_MINUTES: Final = 60
ANSWER_WITHIN: Final = timedelta(hours=4)
"""A wish nobody has answered by then is none any more: approvals in advance are what this is against."""


class GrantState(StrEnum):
    """Where a grant stands, apart from the clock."""

    ASKED = "asked"
    APPROVED = "approved"
    REFUSED = "refused"
    RETURNED = "returned"
    """By the one who asked."""
    REVOKED = "revoked"
    """By somebody who may approve."""


class Reach(StrEnum):
    """What a grant opens. Neither includes the other, and nothing is ever changed under a grant."""

    READ = "read"
    EXPORT = "export"


class GrantPurpose(StrEnum):
    """Why somebody must look; free words could name a person."""

    SUPPORT = "support"
    FAULT = "fault"
    SECURITY_INCIDENT = "security_incident"
    PRIVACY_REQUEST = "privacy_request"
    LEGAL_DUTY = "legal_duty"


SILENT: Final = frozenset({GrantPurpose.LEGAL_DUTY})
"""Purposes about which a law may forbid to tell the company: proven in the operator's chain alone."""

NEEDED: Final[Mapping[Reach, Right]] = MappingProxyType(
    {Reach.READ: Right.DATA_READ, Reach.EXPORT: Right.DATA_EXPORT}
)

USES: Final[Mapping[tuple[GrantPurpose, Role], Use]] = MappingProxyType(
    {
        (GrantPurpose.SUPPORT, Role.CONTROLLER): Purpose.AFTER_SALES,
        (GrantPurpose.SUPPORT, Role.PROCESSOR): Purpose.PROVIDE_FUNCTIONS,
        (GrantPurpose.FAULT, Role.CONTROLLER): Purpose.SECURITY_AND_FAULTS,
        (GrantPurpose.FAULT, Role.PROCESSOR): Purpose.PROVIDE_FUNCTIONS,
        (GrantPurpose.SECURITY_INCIDENT, Role.CONTROLLER): Purpose.SECURITY_AND_FAULTS,
        (GrantPurpose.SECURITY_INCIDENT, Role.PROCESSOR): Duty.NOTIFY_INCIDENT,
        (GrantPurpose.PRIVACY_REQUEST, Role.CONTROLLER): Duty.ANSWER_REQUEST,
        (GrantPurpose.PRIVACY_REQUEST, Role.PROCESSOR): Duty.ANSWER_REQUEST,
        (GrantPurpose.LEGAL_DUTY, Role.CONTROLLER): Duty.DISCLOSE,
        (GrantPurpose.LEGAL_DUTY, Role.PROCESSOR): Duty.DISCLOSE,
    }
)
"""What records are opened for under a grant, by the capacity in which we hold them (2.3): the purpose gate is
asked with these, so a grant never opens what the policy's tables do not.
"""


@dataclass(frozen=True, slots=True)
class Terms:
    """Everything of a grant that the rules look at or change. Times are epoch seconds, ids opaque."""

    asked_by: str
    asked_at: int
    reach: Reach
    minutes: int
    company_id: str
    purpose: GrantPurpose
    state: GrantState = GrantState.ASKED
    approved_by: tuple[str, ...] = ()
    starts_at: int | None = None
    ends_at: int | None = None


def approvals(reach: Reach, purpose: GrantPurpose) -> int:
    """How many different people have to say yes. Two where nobody else would see it: whoever could call their
    curiosity a legal duty would otherwise need one friend.
    """
    return 2 if reach is Reach.EXPORT or purpose in SILENT else 1


def may_ask(asker: Standing, wish: Terms, now: int) -> Decision:
    """Whether this may be asked for at all: refusing early spares a colleague the question."""
    if not 1 <= wish.minutes <= MAX_MINUTES:
        return Refused("personnel", "too_long")
    decision = may(asker, Right.GRANTS_ASK, now)
    return decision if isinstance(decision, Refused) else may(asker, NEEDED[wish.reach], now)


def answerable(grant: Terms, now: int) -> Decision:
    """Whether a wish still waits for an answer."""
    if grant.state is not GrantState.ASKED:
        return Refused("personnel", "not_asked")
    if now >= grant.asked_at + int(ANSWER_WITHIN.total_seconds()):
        return Refused("personnel", "asked_too_long_ago")
    return Allowed()


def approve(grant: Terms, by: Standing, now: int) -> Terms | Refused:
    """The grant with one more approval; in force from the moment the last one needed is there."""
    decision = _may_answer(grant, by, now)
    if isinstance(decision, Refused):
        return decision
    if by.staff_id in grant.approved_by:
        return Refused("personnel", "approved_already")
    approved_by = (*grant.approved_by, by.staff_id)
    if len(approved_by) < approvals(grant.reach, grant.purpose):
        return replace(grant, approved_by=approved_by)
    return replace(
        grant,
        approved_by=approved_by,
        state=GrantState.APPROVED,
        starts_at=now,
        ends_at=now + grant.minutes * 60,
    )


def refuse(grant: Terms, by: Standing, now: int) -> Terms | Refused:
    """The grant refused; one no ends it, however many have said yes."""
    decision = _may_answer(grant, by, now)
    return decision if isinstance(decision, Refused) else replace(grant, state=GrantState.REFUSED)


def _may_answer(grant: Terms, by: Standing, now: int) -> Decision:
    decision = may(by, Right.GRANTS_APPROVE, now)
    if isinstance(decision, Refused):
        return decision
    if by.staff_id == grant.asked_by:
        return Refused("personnel", "own_wish")
    return answerable(grant, now)


def give_back(grant: Terms, by: Standing, now: int) -> Terms | Refused:
    """The grant, or the wish, given back by the one who asked: needs no right, it only takes away."""
    if by.staff_id != grant.asked_by:
        return Refused("personnel", "not_yours")
    return _ended(grant, GrantState.RETURNED, now)


def revoke(grant: Terms, by: Standing, now: int) -> Terms | Refused:
    """The grant ended by anybody who may approve, whether or not they did."""
    decision = may(by, Right.GRANTS_APPROVE, now)
    return decision if isinstance(decision, Refused) else _ended(grant, GrantState.REVOKED, now)


def _ended(grant: Terms, state: GrantState, now: int) -> Terms | Refused:
    if grant.state is GrantState.ASKED:
        return replace(grant, state=state)
    if not running(grant, now):
        return Refused("personnel", "over")
    return replace(grant, state=state, ends_at=now)


def running(grant: Terms, now: int) -> bool:
    """Whether it is approved and its time is not over. A clock that runs behind opens nothing early."""
    if grant.state is not GrantState.APPROVED or grant.starts_at is None or grant.ends_at is None:
        return False
    return grant.starts_at <= now < grant.ends_at


def usable(
    grant: Terms,
    user: Standing,
    approvers: Mapping[str, Standing],
    now: int,
    *,
    reach: Reach,
    company_id: str,
) -> Decision:
    """Whether this person may do this under the grant now. ``approvers`` are those who approved, as they are
    now; whoever is missing there is gone. Asked at every use; closed.
    """
    if user.staff_id != grant.asked_by:
        return Refused("personnel", "no_grant")
    if (grant.company_id, grant.reach) != (company_id, reach):
        return Refused("personnel", "no_grant")
    if not running(grant, now):
        return Refused("personnel", "no_grant")
    decision = may(user, NEEDED[reach], now)
    if isinstance(decision, Refused):
        return decision
    standing = [approvers.get(one) for one in grant.approved_by]
    able = {
        one.staff_id
        for one in standing
        if one is not None and isinstance(may(one, Right.GRANTS_APPROVE, now), Allowed)
    }
    if len(able - {grant.asked_by}) < approvals(grant.reach, grant.purpose):
        return Refused("personnel", "approver_gone")
    return Allowed()
