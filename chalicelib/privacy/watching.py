"""What counts as unusual reading of personal data: the rules of the access-log analysis (4.3.1, 4.3.2).

Promise: who reads far more than anybody needs, far more than they ever did, at an hour at which they do not
work, or, on the staff, in many companies at once, is named to the security staff within two hours. Looking
away is impossible for a single actor, accusing is nobody's: a finding is a question with numbers, which a
person answers. Cost: numbers of each busy hour of each reader are kept for 35 days. The limits are our
choice; the policy names the technique and no figure.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from chalicelib.privacy.clocks import SINGAPORE
from chalicelib.privacy.retention import READING

HOUR: Final = 3600
PAST: Final = READING
"""How far back an actor's own hours are compared; they are kept no longer."""
CLIENT_KINDS: Final = frozenset({"contact", "message", "body", "delivery", "open"})
"""Of what users open, the records that count: those about people their company deals with. A user's looking
at what is about themselves is nobody's business. Of the staff everything counts.
"""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is ordinary for one kind of reader, in records an hour."""

    noted_from: int
    """Quieter hours are not even kept."""
    ceiling: int
    """More than this is unusual for anybody."""
    times_own: int
    """More than so many times the actor's own median hour is unusual for them ..."""
    own_from: int
    """... from so many records on: three instead of none is no news."""
    odd_from: int
    """From so many records on the hour of the day matters."""
    companies: int | None
    """More companies than this in an hour are unusual; None where one is all there can be."""


USERS: Final = Limits(noted_from=20, ceiling=3000, times_own=10, own_from=500, odd_from=200, companies=None)
STAFF: Final = Limits(noted_from=1, ceiling=300, times_own=10, own_from=50, odd_from=1, companies=3)

ENOUGH_HOURS: Final = 10
"""So many hours of the past make a habit; before that there is nothing to compare with."""
WORKING_HOURS: Final = range(8, 20)
"""The staff's, in Singapore, Monday to Friday. A user's are those at which they have been seen, with one
hour on either side: exporters write when their buyers are awake.
"""
FRIDAY: Final = 4


class Unusual(StrEnum):
    """What was unusual about an hour."""

    VOLUME = "volume"
    """More than anybody needs."""
    OWN_PAST = "own_past"
    """Far more than this actor ever did."""
    HOUR = "hour"
    """At a time at which they do not work."""
    BREADTH = "breadth"
    """In many companies at once."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one actor opened in one hour: ``hour`` is its first second since 1970."""

    hour: int
    records: int
    companies: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One unusual thing: what, how much, and how much would have been usual."""

    unusual: Unusual
    number: int
    usual: int


def worth_noting(of: Limits, reading: Reading) -> bool:
    """Whether an hour is kept to compare later ones with. Quiet reading is nobody's business."""
    return reading.records >= of.noted_from


def judge(of: Limits, reading: Reading, past: Sequence[Reading]) -> list[Finding]:
    """What is unusual about an hour; ``past`` is what was kept of this actor's earlier ones."""
    found = []
    if reading.records > of.ceiling:
        found.append(Finding(Unusual.VOLUME, reading.records, of.ceiling))
    if len(past) >= ENOUGH_HOURS and reading.records >= of.own_from:
        usual = int(statistics.median(one.records for one in past))
        if reading.records > of.times_own * usual:
            found.append(Finding(Unusual.OWN_PAST, reading.records, usual))
    if reading.records >= of.odd_from and _odd(of, reading, past):
        found.append(Finding(Unusual.HOUR, reading.records, 0))
    if of.companies is not None and reading.companies > of.companies:
        found.append(Finding(Unusual.BREADTH, reading.companies, of.companies))
    return found


def singapore(hour: int) -> datetime:
    """The moment as people in Singapore call it."""
    return datetime.fromtimestamp(hour, UTC).astimezone(SINGAPORE)


def _odd(of: Limits, reading: Reading, past: Iterable[Reading]) -> bool:
    local = singapore(reading.hour)
    if of.companies is not None:
        return local.weekday() > FRIDAY or local.hour not in WORKING_HOURS
    seen = [singapore(one.hour).hour for one in past]
    near = {(hour + step) % 24 for hour in seen for step in (-1, 0, 1)}
    return len(seen) >= ENOUGH_HOURS and local.hour not in near
