"""Proof of each step of the end of the service, in the operator's chain, in the transaction of the step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib import store
from chalicelib.kernel import clock, ids
from chalicelib.records.discontinuation import Ending, EndingAct, EndingEvidence

if TYPE_CHECKING:
    from chalicelib.store.transaction import Transaction


def prove(transaction: Transaction, one: Ending, act: EndingAct, staff_id: str | None = None) -> None:
    """Let a transaction prove a step (4 write units, with the head of the chain). ``one``: as it is after the
    step; ``staff_id`` None: the workflow did it.
    """
    made = EndingEvidence(
        company_id=ids.OPERATOR,
        act_id=ids.new("act"),
        act=act,
        ending_id=one.ending_id,
        at=clock.now(),
        staff_id=staff_id,
        ends_at=one.ends_at,
        announcement_id=one.announcement_id,
        mass_id=one.mass_id,
        last_accepted_at=one.last_accepted_at,
        people=one.people,
        accepted=one.accepted,
        refused=one.refused,
        unreachable=one.unreachable,
        companies=one.companies,
        certified=one.certified,
        held=one.held,
        emptied=one.emptied,
    )
    transaction.put_new(store.discontinuation.EVIDENCE, made)
