"""Giving personal data to somebody else: who may receive what, for what, after which steps (3.1 to 3.3).

Promise: six kinds of recipients, each with steps in one order, each step with its evidence; out of order,
without evidence or by the same person twice is refused with the clause. What the policy does not name for a
kind cannot be in its payload. A case is judged anew when the data is about to leave: what was authorised or
agreed must still hold. Pure: a case in, a case or a refusal out. Cost: there is no urgent way around it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from chalicelib.privacy.decisions import Allowed, Decision, Refused
from chalicelib.privacy.disclosure_facts import (
    HOME,
    SECRET_AT_MOST,
    Authorised,
    Binding,
    Case,
    Contract,
    Evidence,
    Ground,
    answer_ends,
    approval_ends,
    authorisation_ends,
    may_be_told,
)
from chalicelib.privacy.disclosure_kinds import (
    RULES,
    Concerns,
    DisclosureKind,
    DisclosurePurpose,
    Ending,
    Step,
    TransferBasis,
    Verdict,
)
from chalicelib.privacy.retention import after


def take(case: Case, step: Step, by: str, now: int, evidence: Evidence) -> Case | Refused:
    """The case with one more step taken, or why not. Closed for everything the order does not name."""
    rule = RULES[case.kind]
    if step is Step.RELEASE:
        return _released(case, step, by, now, evidence)
    if case.ending is not None:
        return Refused(rule.clause, "ended")
    if step is Step.WITHDRAW:
        return replace(_taken(case, step, by, now), ending=Ending.WITHDRAWN)
    if step is Step.DECLINE:
        if Step.DECIDE in rule.steps:
            return Refused(rule.clause, "decided_otherwise")  # telling comes first, and a decision after it
        return replace(_taken(case, step, by, now), ending=Ending.DECLINED)
    if step in case.at and not lapsed(case, step, now, evidence):
        return Refused(rule.clause, "taken_already")
    if step not in case.at and step is not Step.ASK and step not in _expected(case):
        return Refused(rule.clause, "out_of_order")
    others = {case.opened_by, *(who for one, who in case.by.items() if one is not step)}
    if step in rule.second and by in others:
        return Refused(rule.clause, "same_person")
    if step in rule.second and by not in evidence.able:
        return Refused("personnel", "too_new")
    decision = _judge(case, step, now, evidence)
    return decision if isinstance(decision, Refused) else _after(_taken(case, step, by, now), step, evidence)


def lapsed(case: Case, step: Step, now: int, given: Evidence) -> bool:
    """Whether a step is an approval that carries no more, by its age or with its approver: it may be given
    anew.
    """
    if step not in RULES[case.kind].second or step not in case.at:
        return False
    return now >= approval_ends(case.at[step]) or case.by[step] not in given.able


def may_leave(case: Case, now: int, given: Evidence) -> Decision:
    """Whether what was disclosed may still be handed over: all that it rests on holds in this moment. Closed,
    for the sake of whoever took a yes back meanwhile.
    """
    if case.ending is not Ending.DISCLOSED:
        return Refused(RULES[case.kind].clause, "ended")
    return _still_holds(case, given, now)


def _released(case: Case, step: Step, by: str, now: int, given: Evidence) -> Case | Refused:
    """Telling of what went to a prescribed agency; an order's silence ends first."""
    clause = RULES[case.kind].clause
    if not case.prescribed or case.ending not in {Ending.DISCLOSED, Ending.NOT_HANDED_OVER}:
        return Refused(clause, "nothing_to_release")
    if step in case.at:
        return Refused(clause, "taken_already")
    if not given.reason:
        return Refused(clause, "reason_missing")
    if not may_be_told(now, case.secret_until, withheld=False):
        return Refused(clause, "still_secret")
    return _taken(case, step, by, now)


def _expected(case: Case) -> frozenset[Step]:
    """The steps of which one is next."""
    for slot in RULES[case.kind].order_of(case.concerns):
        if not slot & case.at.keys():
            return slot
    return frozenset()


def _judge(case: Case, step: Step, now: int, given: Evidence) -> Decision:
    """Whether the evidence does for this step."""
    judge = _JUDGES.get(step)
    return Refused(RULES[case.kind].clause, "out_of_order") if judge is None else judge(case, given, now)


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
    if not said.current:
        return Refused(clause, "text_changed")
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
    if case.kind is DisclosureKind.AUTHORITY and ground.prescribed is None:
        return Refused(clause, "agency_not_stated")
    if case.kind is not DisclosureKind.AUTHORITY and ground.prescribed is not None:
        return Refused(clause, "not_an_agency")
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
    return _crossing(case, given.transfer) if given.key else Refused(clause, "recipient_key_missing")


def _crossing(case: Case, basis: TransferBasis | None) -> Decision:
    """Data leaves Singapore on a basis that is named (4.2), and within it needs none."""
    if case.country == HOME:
        return Allowed() if basis is None else Refused("cross-border", "not_abroad")
    if basis is None:
        return Refused("cross-border", "transfer_basis_missing")
    if basis is TransferBasis.CONSENT and Step.AUTHORISE not in case.at:
        return Refused("cross-border", "consent_missing")
    return Allowed()


def _compared(case: Case, given: Evidence) -> Decision:
    """Whoever approves has found the recipient's key by themselves: a wrong one gives the data to a stranger,
    and nobody can take it back.
    """
    if case.key is not None and given.compared == case.key:
        return Allowed()
    return Refused(RULES[case.kind].clause, "key_not_compared")


def _decidable(case: Case, given: Evidence, now: int) -> Decision:
    clause = RULES[case.kind].clause
    if given.verdict is None:
        return Refused(clause, "decision_missing")
    if not given.answered and now < answer_ends(case.at[Step.TELL]):
        return Refused(clause, "answer_awaited")
    return Allowed() if given.verdict is Verdict.DECLINE else _compared(case, given)


def _still_holds(case: Case, given: Evidence, now: int) -> Decision:
    """What was authorised, contracted, bound and approved, as it is now."""
    decision = _approved(case, given, now)
    if isinstance(decision, Refused):
        return decision
    if Step.AUTHORISE in case.at:
        return authorised(case, given.authorised, now)
    if Step.BIND in case.at:
        return _bound(case, given.binding)
    if Step.CONTRACT in case.at and (case.contract_ends_at is None or now >= case.contract_ends_at):
        return Refused(RULES[case.kind].clause, "contract_not_in_force")
    return Allowed()


def _approved(case: Case, given: Evidence, now: int) -> Decision:
    """An approval outlives neither its time nor its approver."""
    clause = RULES[case.kind].clause
    for step in RULES[case.kind].second & case.at.keys():
        if case.by[step] not in given.able:
            return Refused(clause, "approver_gone")
        if now >= approval_ends(case.at[step]):
            return Refused(clause, "approval_expired")
    return Allowed()


def _taken(case: Case, step: Step, by: str, now: int) -> Case:
    return replace(case, by={**case.by, step: by}, at={**case.at, step: now})


def _after(case: Case, step: Step, given: Evidence) -> Case:
    """What a step changes besides having been taken."""
    if step is Step.ASSESS and given.necessary is not None:
        return replace(case, wanted=tuple(name for name in case.wanted if name in given.necessary))
    if step is Step.CONTRACT and given.contract is not None:
        return replace(case, contract_ends_at=given.contract.ends_at)
    if step is Step.GROUND and given.ground is not None:
        prescribed = given.ground.prescribed is True
        return replace(case, prescribed=prescribed, secret_until=given.ground.secret_until)
    if step is Step.DISCLOSE:
        return replace(case, ending=Ending.DISCLOSED)
    if step is Step.DECIDE and given.verdict is Verdict.DECLINE:
        return replace(case, ending=Ending.DECLINED)
    return case


_JUDGES: Final[Mapping[Step, Callable[[Case, Evidence, int], Decision]]] = MappingProxyType(
    {
        Step.ASK: lambda case, _given, _now: _askable(case),
        Step.AUTHORISE: lambda case, given, now: authorised(case, given.authorised, now),
        Step.CONTRACT: lambda case, given, now: _contracted(case, given.contract, now),
        Step.GROUND: lambda case, given, now: _grounded(case, given.ground, now),
        Step.BIND: lambda case, given, _now: _bound(case, given.binding),
        Step.ASSESS: lambda case, given, _now: _minimum(case, given),
        Step.TELL: lambda _case, _given, _now: Allowed(),
        Step.DECIDE: _decidable,
        Step.APPROVE: lambda case, given, _now: _compared(case, given),
        Step.CONFIRM: lambda case, given, _now: _compared(case, given),
        Step.DISCLOSE: _still_holds,
    }
)
