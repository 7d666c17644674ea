"""The register of disclosures (policy 3): cases opened by the staff, taken step by step, to one payload.

The order and the evidence of each kind are ``privacy.disclosures``; here they are gathered, and a step is
written with its proof in one transaction: the operator's chain always, the company's when data was given and
those concerned may be told. A step that is sent again by the same person with the same evidence has been
taken; a second disclosure of one case is impossible, for the case's version moves in the transaction that
makes it.
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
from chalicelib.privacy.disclosure_facts import Evidence
from chalicelib.privacy.disclosure_kinds import RULES, Concerns, DisclosureKind, Ending, Step
from chalicelib.privacy.notifications import Kind
from chalicelib.records.disclosures import Asked, Disclosed, Disclosure, DisclosurePayload
from chalicelib.services.disclosures import (
    disclosure_acts,
    disclosure_people,
    disclosure_silence,
    disclosure_steps,
    envelope,
    payload,
    questions,
    telling,
)
from chalicelib.services.disclosures.disclosure_people import People
from chalicelib.services.disclosures.disclosure_steps import Given
from chalicelib.services.disclosures.telling import Occasion, Telling
from chalicelib.services.notifications import notify

if TYPE_CHECKING:
    from chalicelib.store.table import Stored
    from chalicelib.store.transaction import Transaction

_ASKS: Final = {Step.ASK: Asked.AUTHORISATION, Step.TELL: Asked.COMPLAINT}
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
    case = known.value
    people, question = _people(case, step, staff_id), _question(case, step, given)
    evidence = disclosure_steps.evidence(
        case, given, question, frozenset() if people is None else people.able
    )
    if _repeated(case, staff_id, step, mark) and not rules.lapsed(case.case(), step, clock.now(), evidence):
        if (again := _occasion(case, step)) is not None:
            telling.finish(case, again)
        return case
    made = _made(case, staff_id, step, given, evidence)
    transaction = store.transaction.Transaction(store.table.new_op())
    if step is Step.DISCLOSE:
        made = _disclose(transaction, known, made, staff_id)
    else:
        transaction.replace(store.disclosures.CASES, known, made)
    if step is Step.RELEASE:
        _release(transaction, made)
    if people is not None:
        people.check(transaction)
    if question is not None:
        transaction.check(store.disclosures.QUESTIONS, question)
    if step in _ASKS:
        questions.add(transaction, made, _ASKS[step], made.at[step.value])
    disclosure_acts.note(transaction, made, staff_id, step)
    told = _tell(transaction, case, made, step)
    try:
        transaction.commit()
    except ConflictError:
        newer = _known(disclosure_id).value
        if newer != case and _repeated(newer, staff_id, step, mark):
            return newer  # the same request twice at once
        raise
    _after(made, step, told)
    return made


def _made(case: Disclosure, staff_id: str, step: Step, given: Given, evidence: Evidence) -> Disclosure:
    """The case with the step taken. Raises RefusedError, InvalidError."""
    outcome = rules.take(case.case(), step, staff_id, clock.now(), evidence)
    if isinstance(outcome, Refused):
        raise RefusedError(outcome.reason, clause=outcome.clause)
    return replace(
        disclosure_steps.noted(case, step, given),
        wanted=outcome.wanted,
        by={one.value: who for one, who in outcome.by.items()},
        at={one.value: when for one, when in outcome.at.items()},
        marks={**case.marks, step.value: given.mark()},
        ending=outcome.ending,
        contract_ends_at=outcome.contract_ends_at,
    )


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


def _people(case: Disclosure, step: Step, staff_id: str) -> People | None:
    """Those a step rests on that approves or gives; what is written then depends on them as they are now."""
    if step is Step.DISCLOSE or step in RULES[case.kind].second:
        return disclosure_people.of(case, staff_id)
    return None


def _occasion(made: Disclosure, step: Step) -> Occasion | None:
    """What those concerned hear of a step."""
    if step in _ASKS:
        return questions.occasion(made, _ASKS[step], made.at[step.value])
    if step is Step.DECIDE:
        template = "disclosure_declined" if made.ending is Ending.DECLINED else "disclosure_made"
        return Occasion(Kind.COMPLAINT, template, f"{template}-{made.disclosure_id}")
    gives = step in {Step.DISCLOSE, Step.RELEASE} and made.ending is Ending.DISCLOSED
    if gives and made.kind in _TOLD and made.may_be_told(clock.now()):
        return disclosure_silence.made(made.disclosure_id)
    return None


def _tell(transaction: Transaction, before: Disclosure, made: Disclosure, step: Step) -> Telling | None:
    """Ask or tell whoever is concerned, in the transaction of the step itself."""
    occasion = _occasion(made, step)
    if occasion is None or (step.value in before.at and made.ending is not Ending.DECLINED):
        return None  # a decision given anew: they have heard it
    told = telling.add(transaction, made, occasion)
    if not told.number and step is not Step.RELEASE:
        raise ConflictError("nobody_to_tell")
    return told


def _after(made: Disclosure, step: Step, told: Telling | None) -> None:
    """What follows once a step is on record."""
    if step is Step.DISCLOSE:
        telemetry.event("disclosed", kind=made.kind, company_id=made.company_id, records=made.n_records)
        if made.concerns is Concerns.COMPANY:
            # The metric filter and the alarm `bulk-export` look for this name.
            telemetry.event(
                "bulk_export",
                disclosure_id=made.disclosure_id,
                staff_id=made.by[step.value],
                company_id=made.company_id,
                number=made.n_records,
            )
    if told is not None:
        notify.hint(told.notices)
        occasion = _occasion(made, step)
        if told.unfinished and occasion is not None:
            telling.finish(made, occasion)


def _release(transaction: Transaction, made: Disclosure) -> None:
    """Let the company and access answers tell of it from now on."""
    known = store.disclosures.disclosed(made.company_id, made.disclosure_id)
    if known is not None:
        now = clock.now()
        told = replace(known.value, released_at=now, told_at=now)
        transaction.replace(store.disclosures.DISCLOSED, known, told)


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
        disclosure_id=made.disclosure_id,
        by_id=staff_id,
        sources=found.sources,
        envelope=base64.b64encode(sealed).decode(),
    )
    transaction.put_new(store.disclosures.PAYLOADS, waiting)
    transaction.put_new(store.disclosures.DISCLOSED, disclosure_acts.disclosed(made, found))
    return made
