"""When a service may end (4.1.3): 30 full days after the last notice was accepted for delivery, never before.

Promise: days of 24 hours, counted from the last acceptance and not from the sending; whatever happens to a
notice afterwards (it comes back, somebody joins) an end only ever moves later. An end that moves goes to
midnight in Singapore, so that a day named to people means one moment. Cost: one mail server that answers late
keeps the service running for everybody. Fails closed: as long as somebody is still to be told, nothing ends.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from chalicelib.privacy.clocks import SINGAPORE, begins
from chalicelib.privacy.decisions import Allowed, Decision, Refused
from chalicelib.privacy.retention import DISCONTINUATION_NOTICE

NOTICE_SECONDS: Final = int(DISCONTINUATION_NOTICE.total_seconds())
"""30 x 86,400; a day is 24 hours here, whatever a calendar does to it."""


FURTHEST: Final = 300 * 86_400
"""An end further away is not announced yet: most would have forgotten, and the rows that say who was told go
after twelve months: then everybody would be told again. The rest of the year is for an end that moves.
"""


def earliest(last_accepted_at: int) -> int:
    """The earliest second at which the service may end, when the last notice was accepted then."""
    return last_accepted_at + NOTICE_SECONDS


def moved(ends_at: int, last_accepted_at: int) -> int:
    """The end after the last notice was accepted: as it was, if that leaves 30 full days, else the first
    midnight in Singapore that does. Never earlier than it was.
    """
    first = earliest(last_accepted_at)
    if first <= ends_at:
        return ends_at
    there = datetime.fromtimestamp(first, UTC).astimezone(SINGAPORE)
    midnight = begins(there.date())
    return midnight if midnight == first else begins(there.date() + timedelta(days=1))


def may_want(ends_at: int, now: int) -> Decision:
    """Whether such an end may be proposed now: with less than 30 full days nobody could be told in time, and
    more than 300 days are too far to be told of.
    """
    if ends_at > now + FURTHEST:
        return Refused("discontinuation", "too_far")
    return Allowed() if ends_at >= earliest(now) else Refused("discontinuation", "too_soon")


def may_end(ends_at: int, last_accepted_at: int | None, now: int, *, all_told: bool) -> Decision:
    """Whether the service may end now. ``last_accepted_at`` None: nobody was told, so nothing ends."""
    if not all_told or last_accepted_at is None:
        return Refused("discontinuation", "not_all_told")
    if now < max(ends_at, earliest(last_accepted_at)):
        return Refused("discontinuation", "too_soon")
    return Allowed()


def joining_ends(ends_at: int) -> int:
    """From when nobody joins any more: they could not be told 30 full days ahead."""
    return ends_at - NOTICE_SECONDS
