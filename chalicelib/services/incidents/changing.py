"""Changing an incident: one row that staff and the workflow both write, each change with its proof."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chalicelib import store
from chalicelib.kernel import clock
from chalicelib.kernel.errors import ConflictError
from chalicelib.privacy import incidents
from chalicelib.privacy.clocks import Start
from chalicelib.records.incidents import Incident, IncidentAct, IncidentState
from chalicelib.records.workflows import OVER
from chalicelib.services.incidents import about, opening
from chalicelib.services.workflows import engine

if TYPE_CHECKING:
    from chalicelib.store.transaction import Transaction

TRIES: Final = 5


def change(
    incident_id: str,
    edit: Callable[[Incident], Incident],
    act: IncidentAct,
    by: str | None,
    *,
    said: Mapping[str, str] | None = None,
    number: int | None = None,
    concerns_id: str | None = None,
    words: str | None = None,
    wakes: bool = False,
    also: Callable[[Transaction, Incident], None] | None = None,
) -> Incident:
    """Put ``edit`` of an incident in its place and prove it, in one transaction; ``also`` adds what belongs
    to it. ``edit`` may be asked again, when somebody else wrote meanwhile; if it changes nothing, nothing is
    written. ``by`` None: the workflow. ``words`` are proven by keyed hash alone. ``wakes``: what the workflow
    waits for may have changed, so it waits no longer and looks.

    Raises:
        NotFoundError; ConflictError: it keeps being changed; RefusedError: ``about_yourself``;
            whatever ``edit`` and ``also`` raise.
    """
    op = store.table.new_op()
    for _ in range(TRIES):
        known = opening.find(incident_id)
        about.check(known.value, by)
        made = edit(known.value)
        if made == known.value:
            return made
        transaction = store.transaction.Transaction(op)
        transaction.replace(store.incidents.INCIDENTS, known, made)
        opening.prove(
            transaction, made, act, by=by, concerns=concerns_id, said=said, number=number, words=words
        )
        if wakes:
            _stop_waiting(transaction, made.workflow_id, act)
        if also is not None:
            also(transaction, made)
        try:
            transaction.commit()
        except ConflictError:
            continue
        if wakes:
            engine.wake(made.workflow_id)
        return made
    raise ConflictError


def judged(one: Incident) -> Incident:
    """An incident after its facts have changed: what was assessed not to be notifiable and is now, is; and
    the PDPA's days count from the day on which that was found (s26D(1)). Neither is taken back here.
    """
    if one.assessed_at is None:
        return one
    owed = incidents.obligations(one.facts(), one.moments())
    if one.state is IncidentState.NOT_NOTIFIABLE and incidents.notifiable(owed):
        one = replace(one, state=IncidentState.NOTIFIABLE)
    if one.notifiable_at is None and any(each.clock.start is Start.ASSESSED for each in owed):
        one = replace(one, notifiable_at=clock.now())
    return one


def owed(one: Incident) -> tuple[incidents.Obligation, ...]:
    """What is owed, by what is known of an incident now."""
    return incidents.obligations(one.facts(), one.moments())


def _stop_waiting(transaction: Transaction, workflow_id: str, act: IncidentAct) -> None:
    """Let a workflow look at its stage again at once: what it waited for was reckoned from other facts."""
    known = engine.find(workflow_id)
    if known.value.stage != OVER:
        engine.move(known, known.value.stage, why=act.value, transaction=transaction)
