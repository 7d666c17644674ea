"""Proof of every step of a disclosure, and what is left of it for those whose data it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib import store
from chalicelib.kernel import clock, ids
from chalicelib.privacy.disclosure_facts import HOME
from chalicelib.privacy.disclosure_kinds import Ending, Step
from chalicelib.records.disclosures import Disclosed, Disclosure, DisclosureAct
from chalicelib.services.disclosures.payload import Payload

if TYPE_CHECKING:
    from chalicelib.store.transaction import Transaction


def note(
    transaction: Transaction,
    case: Disclosure,
    staff_id: str,
    step: Step | None,
    *,
    handed_over: bool = False,
    not_handed_over: str | None = None,
) -> None:
    """Let a transaction prove a step in the operator's chain; that data was given or kept back after all, in
    the company's as well, unless those concerned may not be told: then the operator's alone knows.
    """
    at = clock.now()
    theirs = step is Step.RELEASE or not_handed_over is not None
    theirs = theirs or (step is Step.DISCLOSE and case.ending is Ending.DISCLOSED and not handed_over)
    chains = [ids.OPERATOR, case.company_id] if theirs and case.may_be_told(at) else [ids.OPERATOR]
    for chain in chains:
        made = DisclosureAct(
            company_id=chain,
            act_id=ids.new("act"),
            disclosure_id=case.disclosure_id,
            step=step,
            staff_id=staff_id,
            at=at,
            kind=case.kind,
            purpose=case.purpose,
            concerns=case.concerns,
            concerns_id=case.company_id,
            subject_id=case.user_id or case.person,
            recipient=case.recipient,
            wanted=case.wanted,
            ending=case.ending,
            question_id=case.question_id,
            policy_version=case.policy_version,
            secret_until=case.secret_until,
            payload_hash=case.payload_hash,
            sealed_hash=case.sealed_hash,
            n_records=case.n_records,
            recipient_country=case.recipient_country,
            transfer_basis=case.transfer_basis,
            prescribed=case.prescribed,
            given_at=case.at.get(Step.DISCLOSE.value) if step is Step.RELEASE else None,
            handed_over=handed_over,
            not_handed_over=not_handed_over,
        )
        transaction.put_new(store.disclosures.ACTS, made)


def note_late(transaction: Transaction, told: Disclosed) -> None:
    """Let a transaction prove in the company's chain what an order forbade to tell when it happened."""
    kept_back = told.not_handed_over_at is not None
    made = DisclosureAct(
        company_id=told.company_id,
        act_id=ids.new("act"),
        disclosure_id=told.disclosure_id,
        step=Step.DISCLOSE,
        staff_id=told.staff_id or "",
        at=clock.now(),
        given_at=told.at,
        kind=told.kind,
        purpose=told.purpose,
        concerns=told.concerns,
        concerns_id=told.company_id,
        subject_id=told.user_id or told.person,
        recipient=told.recipient or "",
        wanted=told.wanted,
        ending=Ending.NOT_HANDED_OVER if kept_back else Ending.DISCLOSED,
        secret_until=told.secret_until,
        payload_hash=told.payload_hash,
        recipient_country=told.recipient_country or HOME,
        transfer_basis=told.transfer_basis,
    )
    transaction.put_new(store.disclosures.ACTS, made)


def disclosed(case: Disclosure, given: Payload) -> Disclosed:
    """What the company sees, and access answers tell for as long as evidence is kept."""
    now = clock.now()
    return Disclosed(
        company_id=case.company_id,
        disclosure_id=case.disclosure_id,
        kind=case.kind,
        purpose=case.purpose,
        concerns=case.concerns,
        user_id=case.user_id,
        person=case.person,
        records=given.records,
        wanted=case.wanted,
        at=now,
        payload_hash=given.sha256,
        recipient=case.recipient,
        recipient_country=case.recipient_country,
        transfer_basis=case.transfer_basis,
        staff_id=case.by[Step.DISCLOSE.value],
        secret_until=case.secret_until,
        prescribed=case.prescribed,
        told_at=now if case.may_be_told(now) else None,
        recipient_name=case.recipient_name,
        recipient_contact=case.recipient_contact,
    )
