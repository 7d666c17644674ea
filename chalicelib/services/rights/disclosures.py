"""The register of disclosures (policy 3): cases opened by the staff, taken step by step, to one payload.

The order and the evidence of each kind are ``privacy.disclosures``; here they are gathered, and a step is
written with its proof in one transaction: the operator's chain always, the company's when data was given and
no order forbids telling. A step that is sent again by the same person with the same evidence has been taken;
a second disclosure of one case is impossible, for the case's version moves in the transaction that makes it.
"""

from __future__ import annotations

import base64
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from chalicelib import store
from chalicelib.kernel import clock, telemetry
from chalicelib.kernel.errors import ConflictError, NotFoundError, RefusedError
from chalicelib.privacy import disclosures as rules
from chalicelib.privacy.decisions import Refused
from chalicelib.privacy.disclosure_kinds import DisclosureKind, Ending, Step
from chalicelib.privacy.notifications import Kind
from chalicelib.records.disclosures import Asked, Disclosed, Disclosure, DisclosurePayload
from chalicelib.services.rights import (
    disclosure_acts,
    disclosure_steps,
    envelope,
    payload,
    questions,
    telling,
)
from chalicelib.services.rights.disclosure_steps import Given

if TYPE_CHECKING:
    from chalicelib.store.table import Stored
    from chalicelib.store.transaction import Transaction

HAND_OVER_SECONDS: Final = 600
"""How long after it was first taken the sealed file can be taken once more, should the answer be lost."""

_TOLD: Final = frozenset({DisclosureKind.AUTHORITY, DisclosureKind.SUCCESSOR, DisclosureKind.PUBLIC})
"""Kinds of which whoever is concerned hears when data is given. A partner's were asked, a complainant's told
what was decided; 3.1(c) itself tells of the vendors.
"""


def read(disclosure_id: str) -> Disclosure:
    """One case. Raises NotFoundError."""
    return _known(disclosure_id).value


def newest(limit: int, before: str | None) -> list[Disclosure]:
    """Up to ``limit`` cases, newest first."""
    return [one.value for one in store.disclosures.newest(limit, before)]


def take(staff_id: str, disclosure_id: str, step: Step, given: Given) -> Disclosure:
    """Take one step of a case.

    Raises:
        NotFoundError: no such case.
        RefusedError: the rules of its kind do not allow it, with their clause.
        InvalidError: evidence that this step does not take, or a key that cannot be used.
        ConflictError: somebody took a step at the same moment, or there is nothing left to give.
    """
    disclosure_steps.check(step, given)
    known, mark = _known(disclosure_id), given.mark()
    if _repeated(known.value, staff_id, step, mark):
        return known.value
    case = known.value
    question = _question(case, step, given)
    outcome = rules.take(case.case(), step, staff_id, clock.now(), disclosure_steps.evidence(given, question))
    if isinstance(outcome, Refused):
        raise RefusedError(outcome.reason, clause=outcome.clause)
    made = replace(
        disclosure_steps.noted(case, step, given),
        wanted=outcome.wanted,
        by={one.value: who for one, who in outcome.by.items()},
        at={one.value: when for one, when in outcome.at.items()},
        marks={**case.marks, step.value: mark},
        ending=outcome.ending,
        contract_ends_at=outcome.contract_ends_at,
    )
    transaction = store.transaction.Transaction(store.table.new_op())
    if step is Step.DISCLOSE:
        made = _disclose(transaction, known, made, staff_id)
    else:
        transaction.replace(store.disclosures.CASES, known, made)
    if question is not None:
        transaction.check(store.disclosures.QUESTIONS, question)
    disclosure_acts.note(transaction, made, staff_id, step)
    _tell(made, step)
    try:
        transaction.commit()
    except ConflictError:
        again = _known(disclosure_id).value
        if _repeated(again, staff_id, step, mark):
            return again  # the same request twice at once
        raise
    if step is Step.DISCLOSE:
        telemetry.event("disclosed", kind=made.kind, company_id=made.company_id, records=made.n_records)
    return made


def hand_over(staff_id: str, disclosure_id: str) -> tuple[bytes, Disclosure]:
    """The sealed file, to whoever disclosed it, once: for ten minutes from the first time on.

    Raises:
        NotFoundError: not disclosed, not by them, or handed over before.
    """
    case = _known(disclosure_id).value
    known = store.disclosures.payload(disclosure_id)
    if known is None or known.value.by_id != staff_id:
        raise NotFoundError
    if known.value.taken_at is None:
        now = clock.now()
        transaction = store.transaction.Transaction(store.table.new_op())
        short = known._replace(expires_at=min(known.expires_at or now, now + HAND_OVER_SECONDS))
        transaction.replace(store.disclosures.PAYLOADS, short, replace(known.value, taken_at=now))
        disclosure_acts.note(transaction, case, staff_id, Step.DISCLOSE, handed_over=True)
        transaction.commit()
    return base64.b64decode(known.value.envelope), case


def of_company(company_id: str, limit: int, before: str | None) -> list[Disclosed]:
    """What was given away of a company and its people, newest first, without what an order keeps secret."""
    now = clock.now()
    shown = (
        one.value for one in store.disclosures.of_company(company_id, before) if one.value.may_be_told(now)
    )
    return list(islice(shown, limit))


def _known(disclosure_id: str) -> Stored[Disclosure]:
    known = store.disclosures.case(disclosure_id)
    if known is None:
        raise NotFoundError
    return known


def _repeated(case: Disclosure, staff_id: str, step: Step, mark: str) -> bool:
    return case.by.get(step.value) == staff_id and case.marks.get(step.value) == mark


def _question(case: Disclosure, step: Step, given: Given) -> Stored[Any] | None:
    """The answer that a step rests on; what is written then depends on this very version of it."""
    match step:
        case Step.AUTHORISE:
            return questions.find(case, given.question_id) if given.question_id else None
        case Step.DISCLOSE if case.question_id is not None:
            return questions.find(case, case.question_id)
        case Step.DECIDE:
            return questions.find(case, questions.number_of(case.disclosure_id))
    return None


def _tell(made: Disclosure, step: Step) -> None:
    """Ask or tell whoever is concerned, before the step counts."""
    if step is Step.ASK:
        questions.put(made, Asked.AUTHORISATION)
    if step is Step.TELL:
        questions.put(made, Asked.COMPLAINT)
    if step is Step.DECIDE:
        declined = made.ending is Ending.DECLINED
        template = "disclosure_declined" if declined else "disclosure_made"
        telling.tell(made, Kind.COMPLAINT, template, key=f"{template}-{made.disclosure_id}")
    if step is Step.DISCLOSE and made.kind in _TOLD and made.secret_until is None:
        telling.tell(made, Kind.DISCLOSURE, "disclosure_made", key=f"disclosure_made-{made.disclosure_id}")


def _disclose(
    transaction: Transaction, known: Stored[Disclosure], made: Disclosure, staff_id: str
) -> Disclosure:
    """Compile, seal, and let the transaction keep the sealed file and what is left of it."""
    found = payload.compile_for(made)
    sealed = envelope.seal(made.disclosure_id, base64.b64decode(made.recipient_key or ""), found.content)
    made = replace(
        made,
        payload_hash=found.sha256,
        sealed_hash=envelope.fingerprint(sealed),
        n_records=found.number,
    )
    transaction.replace(store.disclosures.CASES, known, made)
    waiting = DisclosurePayload(
        disclosure_id=made.disclosure_id, by_id=staff_id, envelope=base64.b64encode(sealed).decode()
    )
    transaction.put_new(store.disclosures.PAYLOADS, waiting)
    transaction.put_new(store.disclosures.DISCLOSED, disclosure_acts.disclosed(made, found))
    return made
