"""The work of one notice to many people, a piece at a time.

One worker at a time: a piece takes the notice's row for itself, and puts it back with how far it came. One
that dies is begun again where the last one ended, once its lease is over; the rows of its people say who has
been told (``mass_people``).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any, Final

from chalicelib import store
from chalicelib.gateways import queues
from chalicelib.kernel import clock, ids, settings, telemetry
from chalicelib.kernel.errors import ConflictError, UnavailableError
from chalicelib.privacy.retention import INBOX
from chalicelib.records.announcements import NEVER
from chalicelib.records.mass import Mass, MassState, MassStep, Outcome
from chalicelib.services.notifications import mass_acts, mass_walk
from chalicelib.services.notifications.mass_people import Notice
from chalicelib.services.notifications.mass_walk import End, Piece

WORKER_SECONDS: Final = 90
"""After that whoever took the notice is certainly dead: their function has 60."""
LEASE_SECONDS: Final = 180
"""The sweep takes a notice up again when nobody has moved it on for so long."""
SETTLE_SECONDS: Final = 600
"""For so long after the last mail SES's reports are waited for, before everybody is looked at once more."""
BUSY_SECONDS: Final = 30
"""Before the next piece when SES had no room."""
OLD_SECONDS: Final = INBOX.count * 28 * 86_400
"""For so long after its beginning a notice passes people anew. The rows that say who has been told go after
twelve months; a pass after that would tell everybody again. Months of four weeks leave one to spare.
"""
TRIES: Final = 8
_LATER: Final = frozenset({MassState.SETTLING, MassState.WAITING})
"""States in which another pass follows."""

_AT_THE_START: Final[dict[str, Any]] = {
    "cursor_at": None,
    "cursor_id": None,
    "within_id": None,
    "within_user": None,
    "tally": {},
}
"""Before anybody was passed."""


def go_on(mass_id: str) -> None:
    """Tell the next people, and let the next piece follow. Nothing when somebody else is at it, or when there
    is nothing to do now.

    Raises:
        UnavailableError, ConflictError: the piece ended early, and will be gone on with.
    """
    mass = _take(mass_id)
    if mass is None:
        return
    text = store.mass.TEXTS.get(mass_id=mass_id)
    if text is None:
        telemetry.event("mass_text_gone", mass_id=mass_id)  # its two years are over: nothing is left to say
        _finish(mass_id)
        return
    piece = Piece(mass, Notice(mass, text.value), Counter(mass.tally))
    try:
        mass_walk.walk(piece)
    finally:
        after = _put_back(piece)
    telemetry.event("mass_told", mass_id=mass_id, passed=piece.passed, sent=piece.sent, end=piece.end)
    if after is None:
        return
    if after.state is MassState.RUNNING or after.due_at <= clock.now():
        delay = BUSY_SECONDS if piece.end is End.BUSY else 0
        queues.hint(settings.QUEUE_MASS, [{"mass": mass_id}], delay=delay)


def is_too_old(began_at: int) -> bool:
    """Whether no further pass begins: whom the notice told is hardly on record any more."""
    return clock.now() >= began_at + OLD_SECONDS


# -- taking the notice, and putting it back --------------------------------------------------------------


def _take(mass_id: str) -> Mass | None:
    known = store.mass.MASSES.get(mass_id=mass_id)
    if known is None:
        return None
    one, now = known.value, clock.now()
    if now < one.step_until:
        return None
    # A first pass goes on at any age: it passes nobody twice, so it needs no row to know whom it told.
    due = one.state is MassState.RUNNING or (one.state in _LATER and one.due_at <= now)
    if due and one.passes and (one.passes > 1 or one.state in _LATER) and is_too_old(one.began_at):
        telemetry.event("mass_too_old", mass_id=mass_id)
        _finish(mass_id)
        return None
    if one.state in _LATER and one.due_at <= now:
        one = replace(one, state=MassState.RUNNING)
        fresh = True
    elif one.state is MassState.RUNNING:
        fresh = one.passes == 0
    else:
        return None
    if fresh:
        one = replace(one, passes=one.passes + 1, pass_began_at=now, **_AT_THE_START)
    taken = replace(one, step_id=ids.new("step"), step_until=now + WORKER_SECONDS, due_at=now + LEASE_SECONDS)
    try:
        return store.mass.MASSES.replace(known, taken, op=store.table.new_op()).value
    except ConflictError:
        return None  # somebody else took it this moment


def _finish(mass_id: str) -> None:
    """End a notice that nobody can go on with."""
    known = store.mass.MASSES.get(mass_id=mass_id)
    if known is None or known.value.state in {MassState.DONE, MassState.PAUSED}:
        return
    made = replace(
        known.value,
        state=MassState.DONE,
        due_at=NEVER,
        finished_at=clock.now(),
        again=False,
        step_id=None,
        step_until=0,
    )
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.replace(store.mass.MASSES, known, made)
    mass_acts.note(transaction, made, MassStep.DONE)
    try:
        transaction.commit()
    except ConflictError:
        pass  # paused this moment, or taken: the next one who looks sees the same


def _put_back(piece: Piece) -> Mass | None:
    """Note how far it is; None when somebody else has it by now: theirs counts."""
    for _ in range(TRIES):
        known = store.mass.MASSES.get(mass_id=piece.mass.mass_id)
        if known is None or known.value.step_id != piece.mass.step_id:
            return None
        made = _after(known.value, piece)
        try:
            if made.state is MassState.DONE:
                transaction = store.transaction.Transaction(store.table.new_op())
                transaction.replace(store.mass.MASSES, known, made)
                mass_acts.note(transaction, made, MassStep.DONE)
                transaction.commit()
            else:
                store.mass.MASSES.replace(known, made, op=store.table.new_op())
        except ConflictError:
            continue  # paused this moment, or its pace was changed
        return made
    raise UnavailableError


def _after(one: Mass, piece: Piece) -> Mass:
    """The row as it is now, with what the piece did."""
    now, did = clock.now(), piece.mass
    one = replace(
        one,
        cursor_at=did.cursor_at,
        cursor_id=did.cursor_id,
        within_id=did.within_id,
        within_user=did.within_user,
        last_accepted_at=did.last_accepted_at,
        tally=dict(piece.tally),
        step_id=None,
        step_until=0,
    )
    if one.state is not MassState.RUNNING:
        return one
    return _pass_over(one, now) if piece.end is End.OVER else replace(one, due_at=now + LEASE_SECONDS)


def _pass_over(one: Mass, now: int) -> Mass:
    began = one.pass_began_at or now
    one = replace(one, counted=_counted(one), **_AT_THE_START)
    if one.again:
        return replace(one, state=MassState.SETTLING, again=False, due_at=now)
    if one.counted.get(mass_walk.SENT) or one.counted.get(Outcome.CLAIMED):
        return replace(one, state=MassState.SETTLING, due_at=now + SETTLE_SECONDS)
    if one.all_told_at is None:
        one = replace(one, all_told_at=one.last_accepted_at)
    # A pass that began before the last day of rounds may have missed who came last, also when it ended after.
    if one.rounds_until is not None and began < one.rounds_until:
        soon = one.rounds_until if one.round_every is None else now + one.round_every
        return replace(one, state=MassState.WAITING, due_at=max(now, min(soon, one.rounds_until)))
    return replace(one, state=MassState.DONE, due_at=NEVER, finished_at=now)


def _counted(one: Mass) -> dict[str, int]:
    """What a whole pass counted. Whoever was told and erased since leaves no row, and a later pass cannot
    tell them from somebody whom nobody told: so it finds no more people untold than the one before left open.
    """
    missing = one.tally.get(mass_walk.PASSED_BY, 0)
    if not missing or one.passes <= 1:
        return one.tally
    before = sum(one.counted.get(name, 0) for name in (*Outcome, mass_walk.PASSED_BY))
    at_most = before - one.counted.get(Outcome.ACCEPTED, 0)
    return {**one.tally, mass_walk.PASSED_BY: min(missing, at_most)}
