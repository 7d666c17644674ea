"""Evidence about notices to many people, in the operator's chain, in the transaction of what it proves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib import store
from chalicelib.kernel import clock, ids
from chalicelib.records.mass import Mass, MassAct, MassStep

if TYPE_CHECKING:
    from chalicelib.store.transaction import Transaction


def note(transaction: Transaction, one: Mass, step: MassStep, staff_id: str | None = None) -> None:
    """Add proof of a step to a transaction: 4 write units with the head of the chain."""
    transaction.put_new(
        store.mass.ACTS,
        MassAct(
            company_id=ids.OPERATOR,
            mass_id=one.mass_id,
            act_id=ids.new("act"),
            step=step,
            kind=one.kind,
            about=one.about,
            staff_id=staff_id,
            at=clock.now(),
            counts=dict(one.counted or one.tally),
        ),
    )
