"""Who of the staff a disclosure rests on, and whether they may still act: whoever acts, whoever approved."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from chalicelib import store
from chalicelib.kernel import clock
from chalicelib.privacy import personnel
from chalicelib.privacy.decisions import Refused
from chalicelib.privacy.disclosure_kinds import RULES
from chalicelib.privacy.personnel import Right
from chalicelib.records.disclosures import Disclosure
from chalicelib.records.staff import Staff
from chalicelib.services.staff import entry

if TYPE_CHECKING:
    from chalicelib.store.table import Stored
    from chalicelib.store.transaction import Transaction


class People(NamedTuple):
    """Those concerned, as they were judged, and which of them may act."""

    known: tuple[Stored[Staff], ...]
    able: frozenset[str]
    """Who may approve; whoever was set up, or moved, a moment ago may not yet (``personnel.NEWCOMER``)."""

    def check(self, transaction: Transaction) -> None:
        """Let a transaction depend on them: a suspension that is written meanwhile comes first."""
        for person in self.known:
            transaction.check(store.staff.PEOPLE, person)


def of(case: Disclosure, staff_id: str) -> People:
    """Whoever acts now, and those who approved. One call, a read unit each.

    Raises:
        RefusedError: whoever acts may not any more.
    """
    approved = {case.by[step.value] for step in RULES[case.kind].second if step.value in case.by}
    found = store.staff.people((staff_id, *sorted(approved - {staff_id})))
    now = clock.now()
    decisions = {
        one: personnel.may(row.value.standing(), Right.DISCLOSURES, now) for one, row in found.items()
    }
    own = decisions.get(staff_id, Refused("personnel", "not_active"))
    if isinstance(own, Refused):
        raise entry.refusal(own)
    able = frozenset(
        one
        for one, decision in decisions.items()
        if not isinstance(decision, Refused) and _settled(found[one].value, now)
    )
    return People(tuple(found.values()), able)


def _settled(person: Staff, now: int) -> bool:
    return person.approves_from is not None and now >= person.approves_from
