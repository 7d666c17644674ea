"""Giving personal data to somebody else: who may receive what, for what, after which steps (3.1 to 3.3).

Promise: six kinds of recipients, each with steps in one order, each step with its evidence; out of order,
without evidence or by the same person twice is refused with the clause. What the policy does not name for a
kind cannot be in its payload. A case is judged anew when the data is about to leave: what was authorised or
agreed must still hold. Pure: a case in, a case or a refusal out. Cost: there is no urgent way around it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from chalicelib.privacy.decisions import Allowed, Decision, Refused
from chalicelib.privacy.disclosure_kinds import (
    RULES,
    Concerns,
    DisclosureKind,
    DisclosurePurpose,
    Ending,
    Step,
    Verdict,
)
from chalicelib.privacy.retention import Months, after

ANSWER_WITHIN: Final = timedelta(days=7)
"""How long whoever was complained of has to answer before anything is decided; our choice, to confirm."""
AUTHORISATION_VALID: Final = Months(12)
"""How long a yes to one recipient and one purpose holds; our choice, the policy gives no period."""
SECRET_AT_MOST: Final = Months(24)
"""How far ahead an order may forbid telling before it has to be looked at again; our choice, to confirm."""


@dataclass(frozen=True, slots=True)
class Authorised:
    """What somebody said to a question, as it stands now. `agreed` None: nothing yet."""

    purpose: DisclosurePurpose
    recipient: str
    fields: frozenset[str]
    agreed: bool | None
    at: int | None
    by_company: bool


@dataclass(frozen=True, slots=True)
class Contract:
    """What binds a vendor: the document, the purpose it names, from when until when."""

    reference: str
    purpose: DisclosurePurpose
    signed_at: int
    ends_at: int


@dataclass(frozen=True, slots=True)
class Ground:
    """The law and the document that give somebody a right to the data; whether telling is forbidden, and by
    what.
    """

    law: str
    reference: str
    secret_until: int | None = None
    secret_ground: str | None = None


@dataclass(frozen=True, slots=True)
class Binding:
    """What binds a successor to the policy: the document, the version it names, the version of now."""

    reference: str
    policy_version: str
    in_force: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a step is taken on; each step looks at its own part."""

    authorised: Authorised | None = None
    contract: Contract | None = None
    ground: Ground | None = None
    binding: Binding | None = None
    necessary: tuple[str, ...] | None = None
    key: str | None = None
    verdict: Verdict | None = None
    answered: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """What the rules look at. `recipient` is a keyed hash; `by` and `at` say who took a step, and when."""

    kind: DisclosureKind
    purpose: DisclosurePurpose
    concerns: Concerns
    recipient: str
    wanted: tuple[str, ...]
    opened_by: str
    by: Mapping[Step, str]
    at: Mapping[Step, int]
    ending: Ending | None = None
    contract_ends_at: int | None = None


def may_open(kind: DisclosureKind, purpose: DisclosurePurpose, concerns: Concerns) -> Decision:
    """Whether such a case can be at all: the policy names the purpose for this kind, and about this data."""
    rule = RULES[kind]
    if purpose not in rule.purposes:
        return Refused(rule.clause, "purpose_outside_policy")
    if concerns not in rule.concerns:
        return Refused(rule.clause, "not_about_this")
    return Allowed()


def take(case: Case, step: Step, by: str, now: int, evidence: Evidence) -> Case | Refused:
    """The case with one more step taken, or why not. Closed for everything the order does not name."""
    rule = RULES[case.kind]
    if case.ending is not None:
        return Refused(rule.clause, "ended")
    if step is Step.WITHDRAW:
        return replace(_taken(case, step, by, now), ending=Ending.WITHDRAWN)
    if step is Step.DECLINE:
        if Step.DECIDE in rule.steps:
            return Refused(rule.clause, "decided_otherwise")  # telling comes first, and a decision after it
        return replace(_taken(case, step, by, now), ending=Ending.DECLINED)
    if step in case.at:
        return Refused(rule.clause, "taken_already")
    if step is not Step.ASK and step not in _expected(case):
        return Refused(rule.clause, "out_of_order")
    if step in rule.second and by in {case.opened_by, *case.by.values()}:
        return Refused(rule.clause, "same_person")
    decision = _judge(case, step, now, evidence)
    return decision if isinstance(decision, Refused) else _after(_taken(case, step, by, now), step, evidence)


def _expected(case: Case) -> frozenset[Step]:
    """The steps of which one is next."""
    for slot in RULES[case.kind].order:
        if not slot & case.at.keys():
            return slot
    return frozenset()


def _judge(case: Case, step: Step, now: int, given: Evidence) -> Decision:
    """Whether the evidence does for this step."""
    match step:
        case Step.ASK:
            return _askable(case)
        case Step.AUTHORISE:
            return authorised(case, given.authorised, now)
        case Step.CONTRACT:
            return _contracted(case, given.contract, now)
        case Step.GROUND:
            return _grounded(case, given.ground, now)
        case Step.BIND:
            return _bound(case, given.binding)
        case Step.ASSESS:
            return _minimum(case, given)
        case Step.TELL | Step.APPROVE:
            return Allowed()
        case Step.DECIDE:
            return _decidable(case, given, now)
        case Step.DISCLOSE:
            return _still_holds(case, given, now)
    return Refused(RULES[case.kind].clause, "out_of_order")


def _askable(case: Case) -> Decision:
    clause = RULES[case.kind].clause
    if Step.AUTHORISE not in _expected(case):
        return Refused(clause, "out_of_order")
    return _theirs(case, by_company=case.concerns is Concerns.COMPANY)


def _theirs(case: Case, *, by_company: bool) -> Decision:
    """A company's admins speak for the company, not for its people (3.1(b): "with your authorization"), and
    nobody's yes makes a publication an ordered one.
    """
    if case.purpose is DisclosurePurpose.ORDERED_PUBLICATION:
        return Refused(RULES[case.kind].clause, "legal_ground_missing")
    if by_company and any(not field.startswith("company.") for field in case.wanted):
        return Refused(RULES[case.kind].clause, "not_theirs_to_authorise")
    return Allowed()


def authorised(case: Case, said: Authorised | None, now: int) -> Decision:
    """Whether a yes on record covers this case now: same recipient, this very purpose, all of these fields,
    given by whose data it is, not taken back, not too old.
    """
    clause = RULES[case.kind].clause
    if said is None or said.agreed is None or said.at is None:
        return Refused(clause, "authorisation_missing")
    if not said.agreed:
        return Refused(clause, "authorisation_refused")
    if said.recipient != case.recipient:
        return Refused(clause, "authorised_for_another")
    if said.purpose is not case.purpose:
        return Refused(clause, "purpose_changed")
    if not set(case.wanted) <= said.fields:
        return Refused(clause, "authorised_for_less")
    decision = _theirs(case, by_company=said.by_company)
    if isinstance(decision, Refused):
        return decision
    if not said.at <= now < authorisation_ends(said.at):
        return Refused(clause, "authorisation_expired")
    return Allowed()


def authorisation_ends(at: int) -> int:
    """Until when a yes of then holds, epoch seconds; from that second on it does not."""
    return int(after(datetime.fromtimestamp(at, UTC), AUTHORISATION_VALID).timestamp())


def _contracted(case: Case, contract: Contract | None, now: int) -> Decision:
    clause = RULES[case.kind].clause
    if contract is None or not contract.reference:
        return Refused(clause, "contract_missing")
    if contract.purpose is not case.purpose:
        return Refused(clause, "purpose_changed")
    if not contract.signed_at <= now < contract.ends_at:
        return Refused(clause, "contract_not_in_force")
    return Allowed()


def _grounded(case: Case, ground: Ground | None, now: int) -> Decision:
    clause = RULES[case.kind].clause
    if case.kind is DisclosureKind.PUBLIC and case.purpose is not DisclosurePurpose.ORDERED_PUBLICATION:
        return Refused(clause, "consent_needed")
    if ground is None or not ground.law or not ground.reference:
        return Refused(clause, "legal_ground_missing")
    if ground.secret_until is None:
        return Allowed()
    if not ground.secret_ground:
        return Refused(clause, "secrecy_without_ground")
    latest = after(datetime.fromtimestamp(now, UTC), SECRET_AT_MOST).timestamp()
    return Allowed() if now < ground.secret_until <= latest else Refused(clause, "secret_too_long")


def _bound(case: Case, binding: Binding | None) -> Decision:
    clause = RULES[case.kind].clause
    if binding is None or not binding.reference:
        return Refused(clause, "binding_document_missing")
    if binding.policy_version != binding.in_force:
        return Refused(clause, "bound_to_another_policy")
    return Allowed()


def _minimum(case: Case, given: Evidence) -> Decision:
    clause = RULES[case.kind].clause
    if not given.necessary:
        return Refused(clause, "minimum_not_stated")
    if not set(given.necessary) <= set(case.wanted):
        return Refused(clause, "more_than_asked")
    return Allowed() if given.key else Refused(clause, "recipient_key_missing")


def answer_ends(told_at: int) -> int:
    """When the time to answer a complaint is over, epoch seconds; in that second it is."""
    return told_at + int(ANSWER_WITHIN.total_seconds())


def _decidable(case: Case, given: Evidence, now: int) -> Decision:
    clause = RULES[case.kind].clause
    if given.verdict is None:
        return Refused(clause, "decision_missing")
    if not given.answered and now < answer_ends(case.at[Step.TELL]):
        return Refused(clause, "answer_awaited")
    return Allowed()


def _still_holds(case: Case, given: Evidence, now: int) -> Decision:
    if Step.AUTHORISE in case.at:
        return authorised(case, given.authorised, now)
    if Step.CONTRACT in case.at and (case.contract_ends_at is None or now >= case.contract_ends_at):
        return Refused(RULES[case.kind].clause, "contract_not_in_force")
    return Allowed()


def _taken(case: Case, step: Step, by: str, now: int) -> Case:
    return replace(case, by={**case.by, step: by}, at={**case.at, step: now})


def _after(case: Case, step: Step, given: Evidence) -> Case:
    """What a step changes besides having been taken."""
    if step is Step.ASSESS and given.necessary is not None:
        return replace(case, wanted=tuple(name for name in case.wanted if name in given.necessary))
    if step is Step.CONTRACT and given.contract is not None:
        return replace(case, contract_ends_at=given.contract.ends_at)
    if step is Step.DISCLOSE:
        return replace(case, ending=Ending.DISCLOSED)
    if step is Step.DECIDE and given.verdict is Verdict.DECLINE:
        return replace(case, ending=Ending.DECLINED)
    return case
