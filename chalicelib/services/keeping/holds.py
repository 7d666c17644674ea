"""Holds: what a legal matter needs is not deleted, whoever wants it gone and whatever its period (4.1.2(d)).

A hold counts from the transaction that places it. From then on a job takes the dates of deletion from the
rows it covers, and does so again every day for those written since. Whatever is due to be deleted meanwhile,
by its period or because somebody wants it, is put away: seen by nobody, kept. When the last hold on a row is
released, its deletion follows by itself. Each step is proved in the company's chain, or where the company
must not learn of it (an order may forbid to tell) in the operator's.

Closed for the sake of the matter: a row of a kind unknown here is kept. Open in one case: a deletion that had
begun when the hold was placed may finish the piece (at most a few rows; 250 where a whole company is erased)
it is at, unless it is the sweeper's.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from chalicelib import store
from chalicelib.gateways import queues
from chalicelib.kernel import addresses, clock, ids, settings, telemetry
from chalicelib.kernel.errors import ConflictError, FieldError, InvalidError, NotFoundError
from chalicelib.privacy import retention
from chalicelib.records.holds import (
    SECRET,
    Hold,
    HoldAct,
    HoldReason,
    HoldScope,
    HoldState,
    HoldStep,
)

if TYPE_CHECKING:
    from chalicelib.records.companies import Access
    from chalicelib.store.table import Stored

TRIES: Final = 5


def blocking(company_id: str, *, user_id: str | None = None, person: str | None = None) -> tuple[str, ...]:
    """Ids of the open holds that keep what is about a user or a person; a hold on the company keeps all of
    it. With neither given, about the company as a whole: then every open hold counts. One query.

    Raises:
        UnavailableError: nobody can say; nothing may be deleted then.
    """
    everything = user_id is None and person is None
    found = store.holds.open_ones(company_id)
    return tuple(hold.hold_id for hold in found if everything or hold.covers(user_id, person))


def person(company_id: str, address: str) -> str:
    """The keyed hash that a person is known by in a company.

    Raises:
        NotFoundError: no such company.
    """
    _access(company_id)
    return store.standing.person(company_id, addresses.parse(address).person)


def place(
    by: str,
    company_id: str,
    *,
    matter_id: str,
    scope: HoldScope,
    target: str | None,
    reason: HoldReason,
    law: str,
    review_at: int | None = None,
    secret: bool | None = None,
) -> Hold:
    """Place a hold; ``by`` is who of the staff. It counts when this returns. ``secret`` None: as its reason
    says.

    Raises:
        NotFoundError: no such company, or no such user in it.
        InvalidError: a review that lies in the past.
        ConflictError: the company's rules keep changing; asking again is safe.
    """
    now = clock.now()
    if review_at is not None and review_at <= now:
        raise InvalidError(errors=[FieldError("review_at", "in_the_past")])
    ordinary = retention.after(datetime.fromtimestamp(now, UTC), retention.HOLD_REVIEW)
    hold = Hold(
        company_id=company_id,
        hold_id=ids.new("hld"),
        matter_id=matter_id,
        scope=scope,
        target=target,
        reason=reason,
        secret=reason in SECRET if secret is None else secret,
        law=law,
        placed_by=by,
        placed_at=now,
        review_at=review_at or int(ordinary.timestamp()),
        state=HoldState.PLACING,
        due_at=now,
    )
    if scope is HoldScope.USER and not _is_member(company_id, str(target)):
        raise NotFoundError
    op = store.table.new_op()
    for _ in range(TRIES):
        known = _access(company_id)
        transaction = store.transaction.Transaction(op)
        transaction.put_new(store.holds.HOLDS, hold)
        _count(transaction, known, 1)
        transaction.put_new(store.holds.STEPS, step(hold, HoldAct.PLACED, by))
        try:
            transaction.commit()
        except ConflictError:
            continue
        telemetry.event("hold_placed", company_id=company_id, hold_id=hold.hold_id, scope=scope)
        hint(hold)
        return hold
    raise ConflictError


def release(by: str, company_id: str, hold_id: str) -> Hold:
    """Release a hold. What no other hold keeps is deleted from now on, by a job.

    Raises:
        NotFoundError: the company has no such hold.
        ConflictError: ``released`` already, or the company's rules keep changing.
    """
    op = store.table.new_op()
    for _ in range(TRIES):
        found = find(company_id, hold_id)
        if not found.value.open:
            raise ConflictError("released", "This hold has been released already.")
        now = clock.now()
        hold = replace(
            found.value,
            state=HoldState.RELEASING,
            released_by=by,
            released_at=now,
            due_at=now,
            stretch=0,
            after="",
            began_at=0,
            rows=0,
        )
        transaction = store.transaction.Transaction(op)
        transaction.replace(store.holds.HOLDS, found, hold)
        _count(transaction, _access(company_id), -1)
        transaction.put_new(store.holds.STEPS, step(hold, HoldAct.RELEASED, by))
        try:
            transaction.commit()
        except ConflictError:
            continue
        telemetry.event("hold_released", company_id=company_id, hold_id=hold_id)
        hint(hold)
        return hold
    raise ConflictError


def is_secret(company_id: str) -> bool:
    """Whether something is kept of a company that it must not learn of; one query."""
    return any(hold.secret for hold in store.holds.open_ones(company_id))


def of_company(company_id: str) -> list[Hold]:
    """All holds of a company, also those that were released, the oldest first; one query."""
    return [known.value for known in store.holds.of_company(company_id)]


def in_force(limit: int) -> list[Hold]:
    """Open holds of all companies, and those being released: up to ``limit``, the one that must be reviewed
    first at the top. One query, and a read for each.
    """
    found = []
    for key in store.due.holds(None, limit):
        known = store.holds.HOLDS.get(company_id=key["company_id"], hold_id=key["hold_id"])
        if known is not None:
            found.append(known.value)
    return sorted(found, key=lambda hold: hold.review_at)


def _is_member(company_id: str, user_id: str) -> bool:
    return store.accounts.MEMBERS.get(company_id=company_id, user_id=user_id) is not None


def find(company_id: str, hold_id: str) -> Stored[Hold]:
    """A hold of a company. Raises NotFoundError."""
    known = store.holds.HOLDS.get(company_id=company_id, hold_id=hold_id)
    if known is None:
        raise NotFoundError
    return known


def _access(company_id: str) -> Stored[Access]:
    known = store.accounts.ACCESS.get(company_id=company_id)
    if known is None:
        raise NotFoundError
    return known


def _count(transaction: store.transaction.Transaction, known: Stored[Access], change: int) -> None:
    access = replace(known.value, holds=max(0, known.value.holds + change))
    transaction.replace(store.accounts.ACCESS, known, access)


def step(hold: Hold, act: HoldAct, by: str | None, rows: int = 0) -> HoldStep:
    """Proof of a step of a hold, not stored yet."""
    return HoldStep(
        company_id=ids.OPERATOR if hold.secret else hold.company_id,
        concerns_id=hold.company_id,
        hold_id=hold.hold_id,
        step_id=ids.new("hst"),
        act=act,
        matter_id=hold.matter_id,
        scope=hold.scope,
        target=hold.target,
        reason=hold.reason,
        by=by,
        rows=rows,
        at=clock.now(),
    )


def hint(hold: Hold) -> None:
    """Let the job know."""
    task: dict[str, str | int] = {"task": "hold", "company": hold.company_id, "hold": hold.hold_id}
    queues.hint(settings.QUEUE_TASKS, [task])
