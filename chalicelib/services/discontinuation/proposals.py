"""The end of the service as the operator's staff decides it: one proposes, another confirms, anybody who may
takes it back before it has come.

Two people, because it deletes what everybody has here. Refused with less than 30 full days (4.1.3); when it
is confirmed late, or a notice is accepted late, the end moves later by itself.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import clock, ids
from chalicelib.kernel.errors import ConflictError, FieldError, InvalidError, NotFoundError, RefusedError
from chalicelib.privacy import endings
from chalicelib.privacy.clocks import begins
from chalicelib.privacy.decisions import Refused
from chalicelib.records.discontinuation import Ending, EndingAct, EndingNow, EndingState
from chalicelib.records.workflows import OVER, Machine
from chalicelib.services.discontinuation import telling
from chalicelib.services.discontinuation.proof import prove
from chalicelib.services.notifications import mass
from chalicelib.services.workflows import engine

if TYPE_CHECKING:
    from chalicelib.services.staff.entry import StaffPrincipal
    from chalicelib.store.table import Stored

TRIES: Final = 8


class Wanted(NamedTuple):
    """An end as it is proposed: the day that is the first without the service, Singapore time, and words."""

    ends_on: date
    words_en: str
    words_zh: str


def propose(who: StaffPrincipal, wanted: Wanted) -> Ending:
    """Propose the end of the service; nobody is told yet.

    Raises:
        InvalidError: ``too_soon``: less than 30 full days from now; ``too_far``: more than 300 days.
    """
    now, ends_at = clock.now(), begins(wanted.ends_on)
    decision = endings.may_want(ends_at, now)
    if isinstance(decision, Refused):
        raise InvalidError(errors=[FieldError("ends_on", decision.reason)], clause=decision.clause)
    made = Ending(
        ending_id=ids.new("end"),
        state=EndingState.PROPOSED,
        wanted_at=ends_at,
        ends_at=ends_at,
        words_en=wanted.words_en,
        words_zh=wanted.words_zh,
        proposed_by=who.staff_id,
        proposed_at=now,
    )
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.put_new(store.discontinuation.ENDINGS, made)
    prove(transaction, made, EndingAct.PROPOSED, who.staff_id)
    transaction.commit()
    return made


def confirm(who: StaffPrincipal, ending_id: str) -> Ending:
    """Confirm what somebody else proposed: from now on it is announced and everybody is told. Repeatable.

    Raises:
        RefusedError: ``own_proposal``.
        ConflictError: ``not_proposed``, or ``another_end`` is under way.
    """
    known = find(ending_id)
    if known.value.state is EndingState.ANNOUNCED:
        return known.value
    if known.value.state is not EndingState.PROPOSED:
        raise ConflictError("not_proposed")
    if known.value.proposed_by == who.staff_id:
        raise RefusedError("own_proposal", "Somebody else has to confirm it.", clause="discontinuation")
    if store.discontinuation.NOW.get() is not None:
        raise ConflictError("another_end")
    now = clock.now()
    ends_at = endings.moved(known.value.wanted_at, now)
    transaction = store.transaction.Transaction(store.table.new_op())
    workflow = engine.begin(transaction, Machine.DISCONTINUATION, ending_id, "announce", why="confirmed")
    made = replace(
        known.value,
        state=EndingState.ANNOUNCED,
        ends_at=ends_at,
        confirmed_by=who.staff_id,
        confirmed_at=now,
        workflow_id=workflow.workflow_id,
    )
    transaction.replace(store.discontinuation.ENDINGS, known, made)
    ending_now = EndingNow(
        ending_id=ending_id, ends_at=ends_at, joining_ends_at=endings.joining_ends(ends_at)
    )
    transaction.put_new(store.discontinuation.NOW, ending_now)
    prove(transaction, made, EndingAct.CONFIRMED, who.staff_id)
    transaction.commit()
    engine.start(workflow)
    return made


def take_back(who: StaffPrincipal, ending_id: str) -> Ending:
    """Take the end of the service back, until the moment it comes: nothing is deleted, whoever was told is
    told that the service goes on, and so is everybody on the page. Repeatable.

    Raises:
        ConflictError: ``too_late``: the end has come; or it moves at this very moment.
    """
    for _ in range(TRIES):
        known = find(ending_id)
        if known.value.state is EndingState.TAKEN_BACK:
            return known.value
        if known.value.state not in {EndingState.PROPOSED, EndingState.ANNOUNCED}:
            raise ConflictError("too_late", "The end has come.")
        try:
            return _take_back(who, known)
        except ConflictError:
            continue
    raise ConflictError


def find(ending_id: str) -> Stored[Ending]:
    """One end of the service. Raises NotFoundError."""
    known = store.discontinuation.ENDINGS.get(ending_id=ending_id)
    if known is None:
        raise NotFoundError
    return known


def page(limit: int, before: str | None) -> list[Ending]:
    """Ends of the service that were ever proposed, the newest first."""
    return store.discontinuation.page(limit, before)


def _take_back(who: StaffPrincipal, known: Stored[Ending]) -> Ending:
    before = known.value
    made = replace(
        before, state=EndingState.TAKEN_BACK, taken_back_by=who.staff_id, taken_back_at=clock.now()
    )
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.replace(store.discontinuation.ENDINGS, known, made)
    prove(transaction, made, EndingAct.TAKEN_BACK, who.staff_id)
    goes_on = None
    if before.workflow_id is not None:
        now_row = store.discontinuation.NOW.get()
        if now_row is not None:
            transaction.delete(store.discontinuation.NOW, now_row)
        engine.move(engine.find(before.workflow_id), OVER, why="taken_back", transaction=transaction)
        goes_on = telling.take_back(transaction, made)
    transaction.commit()
    if goes_on is not None:
        mass.start(goes_on)  # for everybody: should this be lost, the sweep does it
    return made
