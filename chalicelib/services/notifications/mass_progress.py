"""How far notices to many people are, for staff and for whoever began one."""

from __future__ import annotations

from typing import Final, NamedTuple

from chalicelib import store
from chalicelib.privacy.notifications import Kind
from chalicelib.records.announcements import NEVER
from chalicelib.records.mass import Audience, Mass, MassState, Outcome
from chalicelib.services.notifications import mass_work
from chalicelib.services.notifications.mass_walk import PASSED_BY, UNREADABLE

MOST: Final = 500
"""Notices there may be on record."""
MICRODOLLARS_A_MAIL: Final = 100
"""SES, for a thousand mails 0.10 dollars."""
MICRODOLLARS_OF_ROWS: Final = 5
"""What else a person costs: at most three writes, a few reads, a third of a second of a function."""


class Progress(NamedTuple):
    """How far a notice is. Counts are of the last whole pass, or of the first one so far; times are epoch
    seconds. ``people`` is everybody who was written to or should have been; in doubt or not taken yet are
    those in no other count.
    """

    mass_id: str
    kind: Kind
    about: str
    audience: Audience
    state: MassState
    people: int
    accepted: int
    refused: int
    unreachable: int
    unknown: int
    passed_by: int
    """On the list, and not written to: gone, or their company is gone or could not be opened."""
    unreadable: int
    """Companies whose rows could not be opened."""
    last_accepted_at: int | None
    all_told_at: int | None
    """The last acceptance when everybody there was in the beginning had been told; None before that."""
    cost_microdollars: int
    per_second: int
    began_at: int
    rounds_until: int | None
    finished_at: int | None

    @property
    def missed(self) -> int:
        """Who should have been written to and was not reached, or may not have been."""
        return self.people - self.accepted

    @property
    def is_old(self) -> bool:
        """Whether it is not counted once more, because it is too old for another pass."""
        return mass_work.is_too_old(self.began_at)

    @property
    def everybody_told(self) -> bool:
        """Everybody was written to and what SES reported since is counted; late joiners may follow."""
        return self.state in {MassState.WAITING, MassState.DONE}


def of(one: Mass) -> Progress:
    """How far a notice is by its row."""
    counts = one.counted or one.tally
    accepted, unreachable = counts.get(Outcome.ACCEPTED, 0), counts.get(Outcome.UNREACHABLE, 0)
    sent = accepted + unreachable + counts.get(Outcome.UNKNOWN, 0)
    people = sum(counts.get(name, 0) for name in (*Outcome, PASSED_BY))
    return Progress(
        mass_id=one.mass_id,
        kind=one.kind,
        about=one.about,
        audience=one.audience,
        state=one.state,
        people=people,
        accepted=accepted,
        refused=counts.get(Outcome.REFUSED, 0),
        unreachable=unreachable,
        unknown=counts.get(Outcome.UNKNOWN, 0),
        passed_by=counts.get(PASSED_BY, 0),
        unreadable=counts.get(UNREADABLE, 0),
        last_accepted_at=one.last_accepted_at,
        all_told_at=one.all_told_at,
        cost_microdollars=sent * MICRODOLLARS_A_MAIL + people * MICRODOLLARS_OF_ROWS,
        per_second=one.per_second,
        began_at=one.began_at,
        rounds_until=one.rounds_until,
        finished_at=one.finished_at,
    )


def find(mass_id: str) -> Progress | None:
    """How far a notice is; None when it is not on record any more, two years later. One read unit."""
    known = store.mass.MASSES.get(mass_id=mass_id)
    return None if known is None else of(known.value)


def newest(limit: int, before: str | None = None) -> list[Progress]:
    """Up to ``limit`` notices on record, the newest first, older than the one with id ``before``. A query,
    and half a read unit for each.
    """
    there = sorted((key["mass_id"] for key in store.due.masses(NEVER, MOST)), reverse=True)
    older = [mass_id for mass_id in there if before is None or mass_id < before]
    rows = [store.mass.MASSES.get(mass_id=mass_id, consistent=False) for mass_id in older[:limit]]
    return [of(row.value) for row in rows if row is not None]
