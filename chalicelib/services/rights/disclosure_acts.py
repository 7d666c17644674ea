"""Proof of every step of a disclosure, and what is left of it for those whose data it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib import store
from chalicelib.kernel import clock, ids
from chalicelib.privacy.disclosure_kinds import Ending, Step
from chalicelib.records.disclosures import Disclosed, Disclosure, DisclosureAct
from chalicelib.services.rights.payload import Payload

if TYPE_CHECKING:
    from chalicelib.store.transaction import Transaction


def note(
    transaction: Transaction,
    case: Disclosure,
    staff_id: str,
    step: Step | None,
    *,
    handed_over: bool = False,
) -> None:
    """Let a transaction prove a step in the operator's chain; that data was given, in the company's as well,
    unless an order forbids telling: then the operator's alone knows.
    """
    at = clock.now()
    given = step is Step.DISCLOSE and case.ending is Ending.DISCLOSED and not handed_over
    chains = [ids.OPERATOR, case.company_id] if given and case.secret_until is None else [ids.OPERATOR]
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
            handed_over=handed_over,
        )
        transaction.put_new(store.disclosures.ACTS, made)


def disclosed(case: Disclosure, given: Payload) -> Disclosed:
    """What the company sees, and access answers tell for as long as evidence is kept."""
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
        at=clock.now(),
        payload_hash=given.sha256,
        secret_until=case.secret_until,
        recipient_name=case.recipient_name,
        recipient_contact=case.recipient_contact,
    )
