"""Changing somebody of the staff, together with the list of who runs it (clause `personnel`).

Every change is written with the roster, at which two admins who suspend each other meet: one is too late.
Who asks is judged by the roster as it is in that very write, so an admin of a moment ago changes nothing any
more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel.errors import ConflictError, NotFoundError, RefusedError
from chalicelib.privacy.personnel import StaffPosition
from chalicelib.records.staff import Roster, Staff, StaffState

if TYPE_CHECKING:
    from chalicelib.store.table import Stored
    from chalicelib.store.transaction import Transaction

TRIES: Final = 6


class Way(NamedTuple):
    """What a change of a person may look at, and add to."""

    known: Stored[Staff]
    transaction: Transaction


def change(staff_id: str, by: str | None, edit: Callable[[Way], Staff]) -> Staff:
    """Change a person together with the roster, until nobody else was faster. ``edit`` adds its writes to the
    transaction and raises to refuse; it may be asked again.

    Raises:
        NotFoundError: nobody.
        ConflictError: ``yourself``; ``last_admin``; not in a few tries.
        RefusedError: ``not_permitted``, whoever asks is no admin any more.
    """
    if staff_id == by:
        raise ConflictError("yourself", "Nobody changes themselves.")
    for attempt in range(TRIES):
        known = store.staff.person(staff_id)
        if known is None:
            raise NotFoundError
        transaction = store.transaction.Transaction(store.table.new_op())
        changed = edit(Way(known, transaction))
        move(transaction, by, before=known.value, after=changed)
        try:
            transaction.commit()
        except ConflictError:
            store.failures.backoff(attempt)
        else:
            return changed
    raise ConflictError


def move(transaction: Transaction, by: str | None, *, before: Staff | None, after: Staff) -> None:
    """Let a transaction move the roster on to somebody's new place. ``by`` None: the operator's desk, or the
    person's own set-up.

    Raises:
        ConflictError: ``last_admin``.
        RefusedError: ``not_permitted``, whoever asks is no admin any more.
    """
    known = store.staff.roster()
    roster = known.value if known is not None else Roster()
    if by is not None and by not in roster.admins:
        raise RefusedError("not_permitted", "You may not do this here.", clause="access")
    admins = set(roster.admins) - {after.staff_id}
    if after.position is StaffPosition.ADMIN and after.state is StaffState.ACTIVE:
        admins.add(after.staff_id)
    leaves = after.state is not StaffState.INVITED  # a reset only waits for its person to be back
    if roster.admins and not admins and before is not None and leaves:
        raise ConflictError("last_admin", "Somebody has to run the staff: appoint another admin first.")
    changed = replace(roster, admins=sorted(admins), changes=roster.changes + 1)
    if known is None:
        transaction.put_new(store.staff.ROSTER, changed)
    else:
        transaction.replace(store.staff.ROSTER, known, changed)
