"""Telling admins what follows from their paid term: that it ends, that it is over, and when the account will
end because of that (2.2.1(c), 5.3).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from chalicelib import store
from chalicelib.kernel import clock
from chalicelib.kernel.errors import ConflictError
from chalicelib.privacy import unrenewed
from chalicelib.privacy.clocks import SINGAPORE
from chalicelib.privacy.notifications import Kind
from chalicelib.privacy.unrenewed import StepKind
from chalicelib.services.companies import admins

if TYPE_CHECKING:
    from chalicelib.records.companies import Access
    from chalicelib.store.table import Stored

_DAY: Final = 86_400


def remind(known: Stored[Access], ends: int, past: int, now: int) -> None:
    """Tell the admins of a company what the last of ``past`` moments of its term says, and note it: of
    several that have passed, only that one is worth a mail. ``ends``: of the term, epoch seconds.

    Raises:
        UnavailableError: to be repeated; nobody is told twice.
    """
    access, kind = known.value, unrenewed.steps(ends)[past - 1].kind
    made = replace(access, term_steps=past)
    values = {"ends_at": day_and_time(ends)}
    about, template = Kind.SUBSCRIPTION, "subscription_ended"
    if kind is StepKind.ENDING:
        template = "subscription_ending"
        values["days"] = str(days_left(ends, now))
    elif kind is StepKind.LAPSED:
        # A kind that nobody can switch off: what is about to go is everything they have.
        about, template = Kind.CANCELLATION, "subscription_lapsed"
        made = replace(made, warned_at=access.warned_at or now)
        over = unrenewed.account_ends(ends, made.warned_at)
        values |= {"days": str(days_left(over, now)), "account_ends_at": singapore_time(over)}
    admins.tell(access.company_id, about, template, values, key=f"term-{ends}-{past}")
    try:
        store.accounts.ACCESS.replace(known, made, op=store.table.new_op())
    except ConflictError:
        pass  # renewed, or changed otherwise: the next sweep looks again, and nobody is told twice


def days_left(ends: int, now: int) -> int:
    """Days until a term ends, a part of one counted whole; none when it is over."""
    return max(0, -(-(ends - now) // _DAY))


def day_and_time(at: int) -> str:
    """A moment as our mails write it, in either language."""
    text = clock.rfc3339(at) or ""
    return f"{text[:10]} {text[11:16]} UTC"


def singapore_time(at: int) -> str:
    """A moment by the calendar that counts the months after a term, in either language."""
    return f"{datetime.fromtimestamp(at, SINGAPORE):%Y-%m-%d %H:%M} UTC+8"
