"""What follows a paid term that nobody renews, and when: reminders, then the end of the account (5.3).

Promise: the end is six calendar months after the term, to the second, by the calendar of Singapore; whoever
reorders before that second keeps everything; and nobody is ended who was not told the date six days before,
so an end that was told of late comes late. Cost: dates are counted and not days, so it is 181 to 184 of them.
That a date which the last month does not have is cut and not carried over is the corresponding date rule
(Dodds v Walker [1981] 1 WLR 1027; that Singapore follows it: to confirm).

Pure: epoch seconds in and out.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from chalicelib.privacy import clocks
from chalicelib.privacy.decisions import Allowed, Decision, Refused
from chalicelib.privacy.retention import GRACE, UNRENEWED, Months

CLAUSE: Final = "cancellation"
_DAY: Final = 86_400
BEFORE: Final = (30, 7)
"""Days before the end of a term at which its admins hear of it; our choice."""
AFTER: Final = (1, 3, 5)
"""Calendar months after it at which they hear what is coming; our choice."""
LAST: Final = 7
"""Days before the account ends at which they hear of it for the last time; our choice."""
NOTICE: Final = 6
"""Days that must lie between the first time they heard of it and the end. One less than ``LAST``: a reminder
that comes some minutes late must not move the end.
"""


class StepKind(StrEnum):
    """What is to be done at a moment of a term."""

    ENDING = "ending"
    ENDED = "ended"
    LAPSED = "lapsed"
    """Over and not renewed; says when the account ends."""
    OVER = "over"
    """The account ends."""


class TermStep(NamedTuple):
    """A moment of a term, epoch seconds."""

    kind: StepKind
    at: int


def boundary(ends_at: int) -> int:
    """Six months after a term that ended at ``ends_at``: the same time of day in Singapore on the same date,
    or on the last day of a shorter month.
    """
    return clocks.moved(ends_at, UNRENEWED, clocks.Calendar.SINGAPORE)


def account_ends(ends_at: int, warned_at: int | None) -> int:
    """From when a company may be cancelled: the boundary, or a week after its admins were first told of it,
    should that have come too late (our sweep stood still, an order of long ago reached us only now).
    """
    end = boundary(ends_at)
    if warned_at is None or warned_at <= end - NOTICE * _DAY:
        return end
    return warned_at + LAST * _DAY


def steps(ends_at: int, warned_at: int | None = None) -> tuple[TermStep, ...]:
    """Everything that follows from a term, in order; always as many, whatever the months."""
    lapsed = (clocks.moved(ends_at, Months(count), clocks.Calendar.SINGAPORE) for count in AFTER)
    return (
        *(TermStep(StepKind.ENDING, ends_at - days * _DAY) for days in BEFORE),
        TermStep(StepKind.ENDED, ends_at),
        *(TermStep(StepKind.LAPSED, at) for at in lapsed),
        TermStep(StepKind.LAPSED, boundary(ends_at) - LAST * _DAY),
        TermStep(StepKind.OVER, account_ends(ends_at, warned_at)),
    )


def past(ends_at: int, now: int) -> int:
    """How many reminders of a term have had their moment. The end does not pass by itself: it is done with
    when the company is on its way out.
    """
    return sum(now >= step.at for step in steps(ends_at)[:-1])


def reordered_in_time(placed_at: int, ends_at: int, warned_at: int | None) -> bool:
    """Whether an order placed then keeps a company whose term ended at ``ends_at``. By the moment billing
    noted it, not by when it reached us: what the post took is not the company's fault.
    """
    return placed_at < account_ends(ends_at, warned_at)


def may_end(ends_at: int | None, warned_at: int | None, now: int) -> Decision:
    """Whether a company may be cancelled as unrenewed now, by its term as it stands.

    Closed, for the company's sake: without a term nothing lapses, without a warning nothing ends, and a clock
    of ours that is ahead by two seconds takes nothing.
    """
    if ends_at is None:
        return Refused(CLAUSE, "no_term")
    if warned_at is None:
        return Refused(CLAUSE, "not_warned")
    if now < account_ends(ends_at, warned_at) + int(GRACE.total_seconds()):
        return Refused(CLAUSE, "term_not_lapsed")
    return Allowed()
