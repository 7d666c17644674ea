"""Legal clocks: from when, how long, on which calendar, how far they stretch, and where that is written.

Promise: a deadline is computed from a row of this table, or of that of incidents (``incident_clocks``), and
from nowhere else, so a lawyer can read all of them. Each ends at the time of day at which it began, but for
those that count days after a day: the law lets most of them run to the end of that day, so ours is never the
later one. Of several that apply, the one that ends first is kept. Weekends and holidays count. Cost: up to a
day of the time the law would give us, and whatever a law about computing time would add.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from enum import StrEnum
from typing import Final

from chalicelib.privacy.retention import Months, Period, after

SINGAPORE: Final = timezone(timedelta(hours=8), "Asia/Singapore")
"""Singapore has had no summer time since 1982, so a fixed offset is the calendar."""


def day(at: float) -> date:
    """The day it is in Singapore at an epoch time in seconds: days of the policy, of agreements and of papers
    are days there (appendix 3.1).
    """
    return datetime.fromtimestamp(at, SINGAPORE).date()


def begins(day: date) -> int:
    """The first second of a day in Singapore, epoch seconds."""
    return int(datetime.combine(day, time(), SINGAPORE).timestamp())


class Start(StrEnum):
    """What sets a clock going."""

    RECEIPT = "receipt"
    VERIFICATION = "verification"
    REFUSAL = "refusal"
    AWARE = "aware"
    """Of an incident: reason to believe in it."""
    ASSESSED = "assessed"
    CONTAINED = "contained"


class Stop(StrEnum):
    """What a clock of an incident waits for."""

    ASSESSMENT = "assessment"
    AUTHORITY_TOLD = "authority_told"
    CLIENTS_TOLD = "clients_told"
    PEOPLE_TOLD = "people_told"


class Calendar(StrEnum):
    """Whose days and months are counted."""

    UTC = "utc"
    SINGAPORE = "singapore"

    @property
    def zone(self) -> tzinfo:
        """The zone in which dates are read."""
        return UTC if self is Calendar.UTC else SINGAPORE


@dataclass(frozen=True, slots=True)
class LegalClock:
    """One deadline of the law. ``extension``: by how much it may be stretched, None where it may not.

    ``whole_days``: it counts days after the day on which it starts, and ends with the last of them. ``ours``:
    the law says at once or without undue delay, and the number is our target.
    """

    id: str
    start: Start
    length: Period
    calendar: Calendar
    extension: Period | None
    source: str
    stop: Stop | None = None
    whole_days: bool = False
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Deadline:
    """One clock at work: epoch seconds. What is due has to be done before ``ends_at``."""

    clock: LegalClock
    starts_at: int
    ends_at: int


GDPR_REQUEST: Final = LegalClock(
    "gdpr_request",
    Start.RECEIPT,
    Months(1),
    Calendar.UTC,
    Months(2),
    "GDPR 12(3): one month from receipt, two more when complex and the person is told within the first",
)
PDPA_REQUEST: Final = LegalClock(
    "pdpa_request",
    Start.RECEIPT,
    timedelta(days=30),
    Calendar.SINGAPORE,
    None,
    "PDPA s21, s22; PDP Regulations 2021 reg 5: 30 days, or say in writing within them when (to confirm)",
)
GDPR_VERIFIED: Final = LegalClock(
    "gdpr_verified",
    Start.VERIFICATION,
    Months(1),
    Calendar.UTC,
    Months(2),
    "GDPR 12(6), EDPB Guidelines 01/2022: some count from proof of identity; stated, never the one followed",
)
REFUSED_COPY: Final = LegalClock(
    "pdpa_refused_copy",
    Start.REFUSAL,
    timedelta(days=30),
    Calendar.SINGAPORE,
    None,
    "PDPA s22A: a copy of what was refused is kept 30 days and until a review has ended (to confirm)",
)

REQUEST_CLOCKS: Final = (GDPR_REQUEST, PDPA_REQUEST, GDPR_VERIFIED)
CLOCKS: Final = (*REQUEST_CLOCKS, REFUSED_COPY)


def ends(clock: LegalClock, at: int) -> int:
    """When a clock that starts at ``at`` has run out, epoch seconds; in months by its own calendar: the same
    date, or the last day of a shorter month. In whole days: when the last of them is over.
    """
    if clock.whole_days:
        day = datetime.fromtimestamp(at, clock.calendar.zone).replace(hour=0, minute=0, second=0)
        return int(after(after(day, clock.length), timedelta(days=1)).timestamp())
    return moved(at, clock.length, clock.calendar)


def stretched(clock: LegalClock, at: int) -> int | None:
    """The latest moment an extension can reach, counted from the start; None where there is none."""
    if clock.extension is None:
        return None
    length = clock.length
    if isinstance(length, Months) and isinstance(clock.extension, Months):
        # In one go: a month and then two more is not always three.
        return moved(at, Months(length.count + clock.extension.count), clock.calendar)
    return moved(moved(at, length, clock.calendar), clock.extension, clock.calendar)


def deadlines(received_at: int, verified_at: int | None) -> tuple[Deadline, ...]:
    """Every clock of a request, those that count from the proof of identity too once there is one."""
    starts = {Start.RECEIPT: received_at, Start.VERIFICATION: verified_at}
    return tuple(
        Deadline(clock, start, ends(clock, start))
        for clock in REQUEST_CLOCKS
        if (start := starts[clock.start]) is not None
    )


def first(found: Iterable[Deadline]) -> Deadline:
    """The one to keep; never the one from proof of identity, which may end a second sooner where a month is
    cut short. Raises ValueError for none.
    """
    return min((one for one in found if one.clock is not GDPR_VERIFIED), key=lambda one: one.ends_at)


def moved(at: int, by: Period, calendar: Calendar) -> int:
    """A period after a moment, by one calendar; epoch seconds."""
    return int(after(datetime.fromtimestamp(at, calendar.zone), by).timestamp())
