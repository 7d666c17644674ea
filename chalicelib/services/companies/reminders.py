"""Telling admins that a paid term ends: 30 and 7 days before, and when it is over (2.2.1(c), 5.3).

The company's own row says what is due next, so a sweep that comes late finds it all the same. Of several
moments that have passed, only the last one is worth a mail.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from chalicelib import store
from chalicelib.kernel import clock
from chalicelib.kernel.errors import ConflictError
from chalicelib.privacy.notifications import Kind
from chalicelib.services.companies import admins

_DAY: Final = 86_400


def remind(company_id: str) -> None:
    """Tell the admins of a company what is due; nothing for one that has renewed, or has been reminded."""
    known = store.accounts.ACCESS.get(company_id=company_id)
    if known is None:
        return
    access, now = known.value, clock.now()
    ends, due_at = access.term_ends_at, access.reminder_at()
    if ends is None or due_at is None or now < due_at:
        return
    past = access.reminders_past(now)
    values = {"ends_at": day_and_time(ends)}
    template = "subscription_ended"
    if now < ends:
        template = "subscription_ending"
        values["days"] = str(days_left(ends, now))
    admins.tell(company_id, Kind.SUBSCRIPTION, template, values, key=f"term-{ends}-{past}")
    try:
        store.accounts.ACCESS.replace(known, replace(access, reminded=past), op=store.table.new_op())
    except ConflictError:
        pass  # renewed, or changed otherwise: the next sweep looks again, and nobody is told twice


def days_left(ends: int, now: int) -> int:
    """Days until a term ends, a part of one counted whole; none when it is over."""
    return max(0, -(-(ends - now) // _DAY))


def day_and_time(at: int) -> str:
    """A moment as our mails write it, in either language."""
    text = clock.rfc3339(at) or ""
    return f"{text[:10]} {text[11:16]} UTC"
