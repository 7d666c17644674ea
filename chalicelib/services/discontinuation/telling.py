"""Telling everybody that the service ends (4.1.3), in public, by mail and in the product; counting the days.

The days run from the last notice that was accepted for delivery, or from the announcement where nobody could
be reached. What comes later (a mail that comes back, somebody who joined) moves the end later or leaves it.
Fails closed: while notices are under way, or are paused, the end does not come.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from chalicelib import store
from chalicelib.kernel import clock, settings
from chalicelib.kernel.errors import ConflictError, NotFoundError
from chalicelib.privacy import endings
from chalicelib.privacy.clocks import SINGAPORE
from chalicelib.privacy.decisions import Refused
from chalicelib.privacy.notifications import Kind
from chalicelib.records.discontinuation import Ending, EndingAct, EndingState
from chalicelib.records.mass import DAY, Audience, MassState
from chalicelib.services.discontinuation.proof import prove
from chalicelib.services.notifications import mass, public
from chalicelib.services.workflows import engine

if TYPE_CHECKING:
    from chalicelib.records.workflows import Workflow
    from chalicelib.store.table import Stored
    from chalicelib.store.transaction import Transaction

LOOK_SECONDS: Final = 600
"""How often it is looked whether everybody has been told."""
PAUSED_SECONDS: Final = 3600
"""The same while somebody has paused the notices."""
COUNT_SECONDS: Final = DAY
"""How often the days are counted anew after that: somebody may have joined, or a mail have been late."""


def announce(known: Stored[Workflow]) -> None:
    """Stage ``announce``: words in public and the notices to everybody, in one transaction. Done twice, the
    second one fails as a whole.
    """
    there = _ending(known)
    one = there.value
    if one.state is not EndingState.ANNOUNCED:
        raise ConflictError
    transaction = store.transaction.Transaction(store.table.new_op())
    announced = replace(
        one,
        announcement_id=public.publish(transaction, Kind.DISCONTINUATION, _public(one), one.ending_id),
        mass_id=mass.begin(
            transaction,
            kind=Kind.DISCONTINUATION,
            about=one.ending_id,
            audience=Audience.EVERYBODY,
            template="service_ends",
            texts=_values(one),
            rounds_until=one.ends_at,
            round_every=DAY,
        ),
        announced_at=clock.now(),
    )
    transaction.replace(store.discontinuation.ENDINGS, there, announced)
    prove(transaction, announced, EndingAct.ANNOUNCED)
    engine.move(known, "tell", why="announced", transaction=transaction)
    transaction.commit()


def tell(known: Stored[Workflow]) -> None:
    """Stage ``tell``: let the notices leave. Repeatable."""
    mass.start(_mass_id(_ending(known).value))
    engine.move(known, "count", until=clock.now() + LOOK_SECONDS, why="notices_under_way")


def count(known: Stored[Workflow]) -> None:
    """Stage ``count``: note how far the notices are, move the end where the days are not full, and go on to
    ``close`` when they are.
    """
    there = _ending(known)
    one, now = there.value, clock.now()
    progress = mass.progress(_mass_id(one))
    told = progress.everybody_told
    last = max(one.last_accepted_at or 0, progress.last_accepted_at or 0, one.announced_at or 0)
    # While notices are under way the next one may be accepted this second.
    ends_at = endings.moved(one.ends_at, last if told else max(last, now))
    counted = replace(
        one,
        ends_at=ends_at if told else one.ends_at,
        last_accepted_at=last,
        counted_at=one.counted_at or (now if told else None),
        people=progress.people,
        accepted=progress.accepted,
        refused=progress.refused,
        unreachable=progress.unreachable,
    )
    decision = endings.may_end(counted.ends_at, last, now, all_told=told)
    transaction = store.transaction.Transaction(store.table.new_op())
    if not isinstance(decision, Refused):
        counted = replace(counted, state=EndingState.CLOSED, closed_at=now)
        ending_now = store.discontinuation.NOW.get()
        if ending_now is not None:
            transaction.replace(store.discontinuation.NOW, ending_now, replace(ending_now.value, closed=True))
        prove(transaction, counted, EndingAct.CLOSED)
        engine.move(known, "close", why="days_are_full", transaction=transaction)
    elif not told:
        paused = progress.state is MassState.PAUSED
        until = now + (PAUSED_SECONDS if paused else LOOK_SECONDS)
        why = "notices_paused" if paused else "notices_under_way"
        engine.move(known, "count", until=until, why=why, transaction=transaction)
    else:
        _moved(transaction, one, counted)
        until = min(counted.ends_at, now + COUNT_SECONDS)
        engine.move(known, "count", until=until, why="thirty_days", transaction=transaction)
    transaction.replace(store.discontinuation.ENDINGS, there, counted)
    transaction.commit()


def _moved(transaction: Transaction, before: Ending, after: Ending) -> None:
    """Put the end on record when it is counted for the first time, and whenever it has moved; then everybody
    who looks is shown the later day, and whoever wants to join as well.
    """
    if after.ends_at == before.ends_at:
        if before.counted_at is None:
            prove(transaction, after, EndingAct.COUNTED)
        return
    prove(transaction, after, EndingAct.MOVED)
    public.change(transaction, str(after.announcement_id), _public(after))
    ending_now = store.discontinuation.NOW.get()
    if ending_now is not None:
        transaction.replace(
            store.discontinuation.NOW, ending_now, replace(ending_now.value, ends_at=after.ends_at)
        )


def take_back(transaction: Transaction, one: Ending) -> str | None:
    """Let a transaction say that the service goes on, where it was said that it ends: in public, and to
    everybody; what is still to be told of the end stops with it, so no crash leaves both under way. The id of
    the notices, to be started; None where nobody was told anything.

    The transaction's ConflictError may be a notice that left this moment: the caller looks again.
    """
    if one.announcement_id is None:
        return None
    public.withdraw(transaction, one.announcement_id)
    values = _values(one)
    public.publish(
        transaction, Kind.DISCONTINUATION, public.worded("public_service_goes_on", values), one.ending_id
    )
    if one.mass_id is not None:
        mass.stop(transaction, one.mass_id)
    return mass.begin(
        transaction,
        kind=Kind.DISCONTINUATION,
        about=one.ending_id,
        audience=Audience.EVERYBODY,
        template="service_goes_on",
        texts=values,
    )


def _ending(known: Stored[Workflow]) -> Stored[Ending]:
    there = store.discontinuation.ENDINGS.get(ending_id=known.value.about)
    if there is None:
        raise NotFoundError
    return there


def _mass_id(one: Ending) -> str:
    if one.mass_id is None:
        raise ConflictError
    return one.mass_id


def _public(one: Ending) -> dict[str, dict[str, str]]:
    return public.worded("public_service_ends", _values(one))


def _values(one: Ending) -> Mapping[str, Mapping[str, str]]:
    ends_on = datetime.fromtimestamp(one.ends_at, UTC).astimezone(SINGAPORE).strftime("%Y-%m-%d %H:%M")
    shared = {"ends_at": ends_on, "url": f"{settings.api_url()}/v1/announcements/page"}
    return {"en": {**shared, "words": one.words_en}, "zh": {**shared, "words": one.words_zh}}
