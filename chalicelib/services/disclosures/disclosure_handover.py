"""Handing the sealed file over, once, and only if everything it rests on holds at that moment (3.1 to 3.3).

A week may lie between disclosing and handing over. A yes that was taken back in it, a contract that ended, an
approver who left, a person who was erased: the file is deleted, and that it never left is on record. Closed,
for the sake of the person concerned; what it costs is another case.
"""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chalicelib import store
from chalicelib.kernel import clock, telemetry
from chalicelib.kernel.errors import NotFoundError, RefusedError
from chalicelib.privacy import disclosures as rules
from chalicelib.privacy.decisions import Decision, Refused
from chalicelib.privacy.disclosure_kinds import RULES, Ending, Step
from chalicelib.records.disclosures import Disclosure
from chalicelib.services.disclosures import (
    disclosure_acts,
    disclosure_people,
    disclosure_steps,
    payload,
    questions,
)
from chalicelib.services.disclosures.disclosure_steps import Given

if TYPE_CHECKING:
    from chalicelib.records.disclosures import DisclosurePayload
    from chalicelib.store.table import Stored
    from chalicelib.store.transaction import Transaction

HAND_OVER_SECONDS: Final = 600
"""How long after it was first taken the sealed file can be taken once more, should the answer be lost."""


def hand_over(staff_id: str, disclosure_id: str) -> tuple[bytes, Disclosure]:
    """The sealed file, to whoever disclosed it, once: for ten minutes from the first time on.

    Raises:
        NotFoundError: not disclosed, not by them, or handed over before.
        RefusedError: it may not leave any more; it is deleted.
        ConflictError: something it rests on has changed in this moment.
    """
    known, waiting = store.disclosures.case(disclosure_id), store.disclosures.payload(disclosure_id)
    if known is None or waiting is None or waiting.value.by_id != staff_id:
        raise NotFoundError
    if waiting.value.taken_at is None:
        _first(staff_id, known, waiting)
    return base64.b64decode(waiting.value.envelope), known.value


def _first(staff_id: str, known: Stored[Disclosure], waiting: Stored[DisclosurePayload]) -> None:
    case, now = known.value, clock.now()
    people = disclosure_people.of(case, staff_id)
    question = None if case.question_id is None else questions.find(case, case.question_id)
    evidence = disclosure_steps.evidence(case, Given(), question, people.able)
    decision: Decision = rules.may_leave(case.case(), now, evidence)
    if not isinstance(decision, Refused) and not payload.still_there(case, waiting.value.sources):
        decision = Refused(RULES[case.kind].clause, "no_longer_there")
    transaction = store.transaction.Transaction(store.table.new_op())
    people.check(transaction)
    if question is not None:
        transaction.check(store.disclosures.QUESTIONS, question)
    if isinstance(decision, Refused):
        _keep_back(transaction, staff_id, known, waiting, decision)
        raise RefusedError(decision.reason, clause=decision.clause)
    transaction.check(store.disclosures.CASES, known)
    short = waiting._replace(expires_at=min(waiting.expires_at or now, now + HAND_OVER_SECONDS))
    transaction.replace(store.disclosures.PAYLOADS, short, replace(waiting.value, taken_at=now))
    disclosure_acts.note(transaction, case, staff_id, Step.DISCLOSE, handed_over=True)
    transaction.commit()


def _keep_back(
    transaction: Transaction,
    staff_id: str,
    known: Stored[Disclosure],
    waiting: Stored[DisclosurePayload],
    why: Refused,
) -> None:
    """Delete the file, and put on record that it never left."""
    case = replace(known.value, ending=Ending.NOT_HANDED_OVER)
    transaction.delete(store.disclosures.PAYLOADS, waiting)
    transaction.replace(store.disclosures.CASES, known, case)
    told = store.disclosures.disclosed(case.company_id, case.disclosure_id)
    if told is not None:
        kept = replace(told.value, not_handed_over_at=clock.now())
        transaction.replace(store.disclosures.DISCLOSED, told, kept)
    disclosure_acts.note(transaction, case, staff_id, Step.DISCLOSE, not_handed_over=why.reason)
    transaction.commit()
    telemetry.event("not_handed_over", kind=case.kind, company_id=case.company_id)
