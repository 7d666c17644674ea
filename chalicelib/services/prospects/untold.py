"""Whom a company has yet to tell that it received them (GDPR 14; clause `joint-duties`): the list of it.

Read a bounded way: with many who are due and few who are overdue, a page may be short and still go on.
"""

from __future__ import annotations

from itertools import islice
from typing import Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import clock
from chalicelib.services.accounts.sessions import Principal

LOOKED: Final = 200
"""Lines that are looked through for one page of those who are overdue, however many are due."""


class Owed(NamedTuple):
    """A person whom the company has yet to tell."""

    prospect_id: str
    due_at: int
    overdue: bool


class Page(NamedTuple):
    """Some of them, and the prospect to go on after; None at the end."""

    items: list[Owed]
    after: str | None


def page(who: Principal, limit: int, before: str | None, *, overdue: bool) -> Page:
    """Whom the company has yet to tell, or of them those whose month is over, from before the prospect of
    this id; in no order but that of their ids, which is the same on every page. A page of the overdue may
    have fewer than asked for, or none, and still go on. One query of at most 201 lines, about 10 read units;
    nobody else's rows are read.
    """
    now, most = clock.now(), LOOKED if overdue else limit
    rows = store.standing.TO_INFORM.query(
        f"{who.company_id}#informing",
        f"{store.standing.DUE}#",
        newest_first=True,
        before=None if before is None else f"{store.standing.DUE}#{before}",
        page_size=most + 1,
    )
    lines = [one.value for one in islice(rows, most + 1)]
    after = lines[most - 1].prospect_id if len(lines) > most else None
    owed = (Owed(one.prospect_id, one.due_at, now >= one.due_at) for one in lines[:most])
    found = [one for one in owed if one.overdue or not overdue]
    if len(found) > limit:
        found, after = found[:limit], found[limit - 1].prospect_id
    return Page(found, after)
