"""Closing every door of a company whose time to think it over has passed (5.3).

The company's state says it, and every way in and every piece of work reads that row at the moment it counts:
sessions, logins by password and through WeChat, invitations, mail that waits, imports, exports, claims, AI.
So one transaction stops all of them at once, and whatever was under way stops at its next step. It moves the
workflow as well: an order that was in time, or an admin who takes it back, moves it too, so of the two only
one goes through and no company stays shut that was kept. Sessions are deleted besides; the rest lies still
until it is erased, so that such an order finds the company as it was. Closed, for the company's sake: what
cannot read the state does nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from chalicelib import store
from chalicelib.kernel import clock
from chalicelib.kernel.errors import ConflictError, NotFoundError
from chalicelib.privacy.consent import CompanyState
from chalicelib.records.cancellation import Act, Cancellation, CancellationState
from chalicelib.services.cancellation import begin
from chalicelib.services.workflows import engine

if TYPE_CHECKING:
    from chalicelib.records.workflows import Workflow
    from chalicelib.store.table import Stored


def close(workflow: Stored[Workflow], known: Stored[Cancellation]) -> None:
    """Close the doors. The workflow stays at its stage, for the sessions. One transaction of four rows.

    Raises:
        ConflictError: somebody took it back, or changes the company's rules; look again.
        UnavailableError: to be done again.
    """
    one = known.value
    if one.state not in {CancellationState.COOLING_OFF, CancellationState.FREEZING}:
        raise ConflictError
    access = store.accounts.ACCESS.get(company_id=one.company_id)
    if access is None:
        raise NotFoundError
    frozen = replace(one, state=CancellationState.FROZEN, frozen_at=clock.now(), cursor=None)
    # Raised as well, so that a copy of somebody's place that a session holds counts no more.
    shut = replace(access.value, state=CompanyState.CANCELLED, people=access.value.people + 1)
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.replace(store.cancellation.CANCELLATIONS, known, frozen, used_again=True)
    transaction.replace(store.accounts.ACCESS, access, shut)
    transaction.put_new(store.cancellation.STEPS, begin.step(frozen, Act.FROZEN))
    engine.move(workflow, workflow.value.stage, transaction=transaction)
    transaction.commit()


def put_out(company_id: str) -> None:
    """Delete the sessions of a company whose doors are closed. A query, and a write for each. Repeatable.

    Raises:
        UnavailableError: to be done again.
    """
    sessions = store.erasure.under(store.erasure.ACCOUNTS, company_id, "session#")
    store.erasure.delete(store.erasure.ACCOUNTS, ((row.pk, row.sk) for row in sessions))
