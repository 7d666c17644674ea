"""Beginning the end of a company's account, and taking it back while nothing is deleted (5.3).

Asked for by the main account alone, with a fresh second proof, and all admins hear of it at once: an open
session somebody found, or one admin's anger, must not end a company. From that moment the company reads and
exports, and works no more; for fourteen days any of its admins may take it back, and all is as before. Where
the law of the contract ends it (5.3: unrenewed; 4.1.3: the product is over) nobody is asked, and there are no
fourteen days. Closed throughout: what cannot be read or written begins nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chalicelib import store
from chalicelib.kernel import clock, ids, telemetry
from chalicelib.kernel.errors import ConflictError, NotFoundError, RefusedError
from chalicelib.privacy import retention
from chalicelib.privacy.consent import CompanyState
from chalicelib.privacy.decisions import Decision, Refused
from chalicelib.privacy.register import Purpose
from chalicelib.records.cancellation import (
    Act,
    Cancellation,
    CancellationState,
    CancellationStep,
    CertificateAddress,
    Why,
)
from chalicelib.records.workflows import Machine
from chalicelib.services.workflows import engine

if TYPE_CHECKING:
    from chalicelib.records.companies import Access
    from chalicelib.store.table import Stored
    from chalicelib.store.transaction import Transaction

Also = Callable[["Transaction"], None]
"""Further writes of a caller, in the transaction of the act: all of it or nothing."""
Judge = Callable[["Access"], Decision]
"""Says of a company's rules whether it may be ended."""

TRIES: Final = 5
_COOLING: Final = int(retention.COOLING_OFF.total_seconds())
_OVER: Final = frozenset({CompanyState.CANCELLED, CompanyState.PENDING})


def begin(
    company_id: str,
    why: Why,
    *,
    by: str | None = None,
    transaction_also: Also | None = None,
    judge: Judge | None = None,
) -> Cancellation:
    """Begin a company's cancellation; ``by`` is the user who asked, None for the operator's own clocks. It
    counts when this returns; should the start of its machine be lost, the sweep makes it good.

    For UNRENEWED and DISCONTINUED it is repeatable: one that is under way is returned as it is, and one that
    still waits for somebody to think it over goes on at once. ``transaction_also`` is then not asked again.
    ``judge`` says whether the company's rules allow it, asked of the very row that changes.

    Raises:
        NotFoundError: no such company.
        RefusedError: ``main_account_only``, or what ``judge`` refuses.
        ConflictError: ``cancelling`` already, ``cancelled``; or the company's rules keep changing.
    """
    for _ in range(TRIES):
        access = _access(company_id)
        known = store.cancellation.of_company(company_id)
        if why is Why.ASKED and access.value.main_user_id != by:
            raise RefusedError(
                "main_account_only", "Only the main account can cancel the company.", clause="cancellation"
            )
        if judge is not None and isinstance(refused := judge(access.value), Refused):
            raise RefusedError(refused.reason, clause=refused.clause)
        if known is not None and known.value.under_way:
            if why is Why.ASKED:
                raise ConflictError("cancelling", "The company's account is being cancelled already.")
            try:
                return known.value if known.value.why is not Why.ASKED else _hasten(access, known, why)
            except ConflictError:
                continue
        if access.value.state in _OVER:
            raise ConflictError("cancelled", "The company's account is closed.")
        try:
            made = _begin(access, known, why, by, transaction_also)
        except ConflictError:
            continue
        telemetry.event("cancellation_begun", company_id=company_id, why=made.why)
        return made
    raise ConflictError


def _begin(
    access: Stored[Access],
    known: Stored[Cancellation] | None,
    why: Why,
    by: str | None,
    also: Also | None,
) -> Cancellation:
    now, company_id = clock.now(), access.value.company_id
    cools_until = now + _COOLING if why is Why.ASKED else None
    transaction = store.transaction.Transaction(store.table.new_op())
    stage = "freeze" if cools_until is None else "tell"
    workflow = engine.begin(transaction, Machine.CANCELLATION, company_id, stage, why=why.value)
    made = Cancellation(
        company_id=company_id,
        cancellation_id=ids.new("cnc"),
        workflow_id=workflow.workflow_id,
        why=why,
        state=CancellationState.FREEZING if cools_until is None else CancellationState.COOLING_OFF,
        before=access.value.state,
        asked_by=by,
        asked_at=now,
        cools_until=cools_until,
    )
    if known is None:
        transaction.put_new(store.cancellation.CANCELLATIONS, made)
    else:
        transaction.replace(store.cancellation.CANCELLATIONS, known, made, used_again=True)
    transaction.put(store.cancellation.ADDRESSES, _address(access.value))
    # A restricted one stays shut: asking to go opens nothing. Written all the same, so that an order which
    # has read the row before, and knows of no end, finds it changed.
    shut = access.value.state is CompanyState.RESTRICTED
    leaving = access.value if shut else replace(access.value, state=CompanyState.CANCELLING)
    transaction.replace(store.accounts.ACCESS, access, leaving)
    transaction.put_new(store.cancellation.STEPS, step(made, Act.ASKED, by=by))
    if also is not None:
        also(transaction)
    transaction.commit()
    engine.start(workflow)
    return made


def _hasten(access: Stored[Access], known: Stored[Cancellation], why: Why) -> Cancellation:
    """Nobody needs to think over any more what happens anyway; by rules that must still be the same."""
    workflow = engine.find(known.value.workflow_id)
    made = replace(known.value, why=why, state=CancellationState.FREEZING, cools_until=None)
    if known.value.state is not CancellationState.COOLING_OFF:
        return known.value
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.replace(store.cancellation.CANCELLATIONS, known, made, used_again=True)
    transaction.check(store.accounts.ACCESS, access)
    transaction.put_new(store.cancellation.STEPS, step(made, Act.ASKED))
    engine.move(workflow, "freeze", why=why.value, transaction=transaction)
    transaction.commit()
    engine.wake(made.workflow_id)
    return made


def take_back(company_id: str, *, by: str | None, transaction_also: Also | None = None) -> Cancellation:
    """Take a cancellation back: the company stands as before. Who takes back wins over a machine that is
    about to go on: both change the same rows. ``by`` as in ``undo``.

    Raises:
        NotFoundError: no such company.
        ConflictError: ``not_cancelling``; ``too_late``; or the rows keep changing.
    """
    for _ in range(TRIES):
        access, known = _access(company_id), store.cancellation.of_company(company_id)
        if known is None or not known.value.under_way:
            raise ConflictError("not_cancelling", "No cancellation is under way.")
        transaction = store.transaction.Transaction(store.table.new_op())
        made = undo(transaction, known, by=by)
        before = replace(access.value, state=made.before)
        transaction.replace(store.accounts.ACCESS, access, before)
        if transaction_also is not None:
            transaction_also(transaction)
        try:
            transaction.commit()
        except ConflictError:
            continue
        engine.wake(made.workflow_id)
        telemetry.event("cancellation_taken_back", company_id=company_id)
        return made
    raise ConflictError


def undo(transaction: Transaction, known: Stored[Cancellation], *, by: str | None) -> Cancellation:
    """Let a transaction of the caller's take a cancellation back. The caller puts the company's state back to
    its ``before`` in the same transaction, and wakes the workflow once it is through.

    A user (``by``) may while the time to think it over runs; the operator's own machinery (a renewal that was
    in time, an end that is called off) as long as nothing is deleted.

    Raises:
        ConflictError: ``too_late``.
    """
    one = known.value
    cooling = one.state is CancellationState.COOLING_OFF and clock.now() < (one.cools_until or 0)
    if not (cooling if by is not None else one.can_be_undone):
        raise ConflictError("too_late", "This cannot be taken back any more.", clause="cancellation")
    made = replace(one, state=CancellationState.TAKEN_BACK, code_hash=None, cursor=None)
    address = store.cancellation.ADDRESSES
    transaction.replace(store.cancellation.CANCELLATIONS, known, made, used_again=True)
    transaction.put_new(store.cancellation.STEPS, step(made, Act.TAKEN_BACK, by=by))
    transaction.clear(address, *address.place(company_id=one.company_id))
    engine.move(engine.find(one.workflow_id), "taken_back", transaction=transaction)
    return made


def find(company_id: str) -> Stored[Cancellation]:
    """The company's cancellation. Raises NotFoundError."""
    known = store.cancellation.of_company(company_id)
    if known is None:
        raise NotFoundError
    return known


def step(
    one: Cancellation,
    act: Act,
    *,
    by: str | None = None,
    counts: Mapping[str, int] | None = None,
    secretly: bool = False,
) -> CancellationStep:
    """Proof of a step, not stored yet: in the company's chain, or ``secretly`` in the operator's, with what a
    hold keeps that the company must not learn of.
    """
    return CancellationStep(
        company_id=ids.OPERATOR if secretly else one.company_id,
        concerns_id=one.company_id,
        cancellation_id=one.cancellation_id,
        step_id=ids.new("cst"),
        act=act,
        why=one.why,
        by=by,
        at=clock.now(),
        counts=dict(counts or {}),
        held=dict(one.held if secretly else one.told),
        laws=one.laws,
        unreadable_at=one.unreadable_at,
        unrecoverable_at=one.unrecoverable_at,
    )


def _access(company_id: str) -> Stored[Access]:
    known = store.accounts.ACCESS.get(company_id=company_id)
    if known is None:
        raise NotFoundError
    return known


def _address(access: Access) -> CertificateAddress:
    user, company = store.table.get_together(
        (store.accounts.USERS, {"company_id": access.company_id, "user_id": access.main_user_id}),
        (store.accounts.COMPANIES, {"company_id": access.company_id}),
        use=Purpose.CREATE_AND_LOGIN,
    )
    if user is None or company is None:
        raise NotFoundError
    return CertificateAddress(
        company_id=access.company_id,
        user_id=access.main_user_id,
        email=user.value.email,
        name=company.value.name,
        locale=user.value.locale,
    )
