"""Who may receive what, after which steps: each order walked, each rule tried a second on either side."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.privacy.clauses import CLAUSES
from chalicelib.privacy.decisions import Allowed, Refused
from chalicelib.privacy.disclosure_kinds import (
    NEVER,
    RULES,
    Concerns,
    DisclosureKind,
    DisclosurePurpose,
    Ending,
    Step,
    Verdict,
    may_receive,
)
from chalicelib.privacy.disclosures import (
    ANSWER_WITHIN,
    AUTHORISATION_VALID,
    SECRET_AT_MOST,
    Authorised,
    Binding,
    Case,
    Contract,
    Evidence,
    Ground,
    answer_ends,
    authorisation_ends,
    may_open,
    take,
)
from chalicelib.privacy.register import HOLDINGS, Category
from chalicelib.privacy.retention import after

NOW = int(datetime(2026, 3, 1, 9, tzinfo=UTC).timestamp())
YEAR = int(timedelta(days=365).total_seconds())
WHO = ("user.name", "user.email")
PURPOSE = {
    DisclosureKind.PARTNER: DisclosurePurpose.SERVICE,
    DisclosureKind.VENDOR: DisclosurePurpose.ASSESS_DELIVERY,
    DisclosureKind.COMPLAINANT: DisclosurePurpose.COMPLAINT_HANDLING,
    DisclosureKind.AUTHORITY: DisclosurePurpose.LEGAL_DUTY,
    DisclosureKind.SUCCESSOR: DisclosurePurpose.SUCCESSION,
    DisclosureKind.PUBLIC: DisclosurePurpose.CONSENTED_PUBLICATION,
}
GROUND = Ground("Criminal Procedure Code 2010 s 20", "Order 7/2026")
BINDING = Binding("Deed of 1 March", "2025-01-16", "2025-01-16")
CONTRACT = Contract("DPA 12", DisclosurePurpose.ASSESS_DELIVERY, NOW - YEAR, NOW + YEAR)


def case(kind: DisclosureKind, **more: Any) -> Case:
    made = Case(
        kind=kind,
        purpose=PURPOSE[kind],
        concerns=Concerns.USER,
        recipient="r1",
        wanted=WHO,
        opened_by="stf_1",
        by={},
        at={},
    )
    return replace(made, **more)


def yes(of: Case, **more: Any) -> Authorised:
    made = Authorised(
        purpose=of.purpose,
        recipient=of.recipient,
        fields=frozenset(of.wanted),
        agreed=True,
        at=NOW,
        by_company=False,
    )
    return replace(made, **more)


def evidence(of: Case, step: Step) -> Evidence:
    """What each step is taken on, all in order."""
    match step:
        case Step.AUTHORISE | Step.DISCLOSE:
            return Evidence(authorised=yes(of))
        case Step.CONTRACT:
            return Evidence(contract=CONTRACT)
        case Step.GROUND:
            return Evidence(ground=GROUND)
        case Step.BIND:
            return Evidence(binding=BINDING)
        case Step.ASSESS:
            return Evidence(necessary=of.wanted, key="key")
        case Step.DECIDE:
            return Evidence(verdict=Verdict.DISCLOSE, answered=True)
    return Evidence()


def went(of: Case, *steps: Step, now: int = NOW) -> Case:
    """The case after these steps, by one person, where a second one is needed by another."""
    for step in steps:
        by = "stf_2" if step in RULES[of.kind].second else "stf_1"
        outcome = take(of, step, by, now, evidence(of, step))
        assert isinstance(outcome, Case), (step, outcome)
        of = outcome
    return of


def order(kind: DisclosureKind) -> list[Step]:
    """One way through: the first of the alternatives that its purpose allows."""
    first = {DisclosureKind.SUCCESSOR: Step.BIND, DisclosureKind.PUBLIC: Step.AUTHORISE}
    return [next(iter(slot)) if len(slot) == 1 else first[kind] for slot in RULES[kind].order]


def refused(outcome: Case | Refused, kind: DisclosureKind, reason: str) -> None:
    assert outcome == Refused(RULES[kind].clause, reason)


@pytest.mark.clause("partners", "email-vendors", "complainant", "authorities", "merger", "public")
@pytest.mark.parametrize("kind", DisclosureKind)
def test_each_kind_goes_through_its_order_and_ends_with_the_data_given(kind: DisclosureKind) -> None:
    done = went(case(kind), *order(kind))
    assert done.ending is Ending.DISCLOSED
    assert list(done.at) == order(kind)
    assert RULES[kind].clause in CLAUSES


@pytest.mark.clause("partners", "email-vendors", "complainant", "authorities", "merger", "public")
@pytest.mark.parametrize("kind", DisclosureKind)
def test_no_step_can_be_left_out_brought_forward_or_taken_twice(kind: DisclosureKind) -> None:
    steps = order(kind)
    for number in range(len(steps)):
        before = went(case(kind), *steps[:number])
        allowed = RULES[kind].order[number]
        for step in RULES[kind].steps - allowed:
            outcome = take(before, step, "stf_9", NOW, evidence(before, step))
            refused(outcome, kind, "taken_already" if step in before.at else "out_of_order")


@pytest.mark.clause("partners", "email-vendors", "complainant", "authorities", "merger", "public")
@pytest.mark.parametrize("kind", DisclosureKind)
def test_without_its_evidence_no_step_that_needs_some_is_taken(kind: DisclosureKind) -> None:
    missing = {
        Step.AUTHORISE: "authorisation_missing",
        Step.CONTRACT: "contract_missing",
        Step.GROUND: "legal_ground_missing",
        Step.BIND: "binding_document_missing",
        Step.ASSESS: "minimum_not_stated",
        Step.DECIDE: "decision_missing",
    }
    steps = order(kind)
    for number, step in enumerate(steps):
        if step in missing:
            refused(
                take(went(case(kind), *steps[:number]), step, "stf_9", NOW, Evidence()), kind, missing[step]
            )


@pytest.mark.clause("complainant", "authorities", "merger", "public")
@pytest.mark.parametrize("kind", [kind for kind in DisclosureKind if RULES[kind].second])
def test_whoever_prepared_a_case_does_not_decide_it(kind: DisclosureKind) -> None:
    steps = order(kind)
    (second,) = RULES[kind].second
    before = went(case(kind), *steps[: steps.index(second)])
    refused(take(before, second, "stf_1", NOW, evidence(before, second)), kind, "same_person")
    opened_only = replace(before, by=dict.fromkeys(before.by, "stf_3"))
    refused(take(opened_only, second, "stf_1", NOW, evidence(before, second)), kind, "same_person")
    refused(take(opened_only, second, "stf_3", NOW, evidence(before, second)), kind, "same_person")
    assert isinstance(take(opened_only, second, "stf_2", NOW, evidence(before, second)), Case)


@pytest.mark.clause("partners")
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"agreed": None, "at": None}, "authorisation_missing"),
        ({"agreed": False}, "authorisation_refused"),
        ({"recipient": "r2"}, "authorised_for_another"),
        ({"purpose": DisclosurePurpose.SALES}, "purpose_changed"),
        ({"fields": frozenset({"user.name"})}, "authorised_for_less"),
        ({"by_company": True}, "not_theirs_to_authorise"),
        ({"at": NOW + 1}, "authorisation_expired"),
    ],
)
def test_a_yes_covers_its_recipient_its_purpose_and_its_fields_and_no_others(
    change: dict[str, Any], reason: str
) -> None:
    of = case(DisclosureKind.PARTNER)
    given = Evidence(authorised=yes(of, **change))
    refused(take(of, Step.AUTHORISE, "stf_1", NOW, given), of.kind, reason)


@pytest.mark.clause("partners")
@pytest.mark.parametrize("said", [datetime(2026, 3, 1, 9, tzinfo=UTC), datetime(2024, 2, 29, tzinfo=UTC)])
def test_a_yes_holds_for_its_period_to_the_second(said: datetime) -> None:
    at, of = int(said.timestamp()), case(DisclosureKind.PARTNER)
    ends = int(after(said, AUTHORISATION_VALID).timestamp())
    assert authorisation_ends(at) == ends
    given = Evidence(authorised=yes(of, at=at))
    assert isinstance(take(of, Step.AUTHORISE, "stf_1", ends - 1, given), Case)
    refused(take(of, Step.AUTHORISE, "stf_1", ends, given), of.kind, "authorisation_expired")


@pytest.mark.clause("partners", "merger", "public")
def test_what_was_authorised_must_still_be_so_when_the_data_leaves() -> None:
    of = went(case(DisclosureKind.PARTNER), Step.AUTHORISE, Step.ASSESS)
    taken_back = Evidence(authorised=yes(of, agreed=False))
    refused(take(of, Step.DISCLOSE, "stf_1", NOW, taken_back), of.kind, "authorisation_refused")
    refused(take(of, Step.DISCLOSE, "stf_1", NOW, Evidence()), of.kind, "authorisation_missing")
    late = authorisation_ends(NOW)
    refused(
        take(of, Step.DISCLOSE, "stf_1", late, Evidence(authorised=yes(of))), of.kind, "authorisation_expired"
    )


@pytest.mark.clause("partners", "merger")
def test_a_company_cannot_give_away_its_peoples_data() -> None:
    of = case(DisclosureKind.PARTNER, concerns=Concerns.COMPANY, wanted=("company.name",))
    assert isinstance(take(of, Step.ASK, "stf_1", NOW, Evidence()), Case)
    theirs = replace(of, wanted=("company.name", "user.email"))
    refused(take(theirs, Step.ASK, "stf_1", NOW, Evidence()), of.kind, "not_theirs_to_authorise")


@pytest.mark.clause("partners")
def test_a_question_is_put_once_and_only_where_its_answer_counts() -> None:
    of = went(case(DisclosureKind.PARTNER), Step.ASK)
    refused(take(of, Step.ASK, "stf_1", NOW, Evidence()), of.kind, "taken_already")
    late = went(case(DisclosureKind.PARTNER), Step.AUTHORISE)
    refused(take(late, Step.ASK, "stf_1", NOW, Evidence()), of.kind, "out_of_order")
    law = case(DisclosureKind.AUTHORITY)
    refused(take(law, Step.ASK, "stf_1", NOW, Evidence()), law.kind, "out_of_order")


@pytest.mark.clause("email-vendors")
def test_a_contract_binds_to_the_purpose_and_within_its_days() -> None:
    of = case(DisclosureKind.VENDOR)
    sales = replace(CONTRACT, purpose=DisclosurePurpose.SALES)
    refused(take(of, Step.CONTRACT, "stf_1", NOW, Evidence(contract=sales)), of.kind, "purpose_changed")
    for now, fits in (
        (CONTRACT.signed_at - 1, False),
        (CONTRACT.signed_at, True),
        (CONTRACT.ends_at - 1, True),
        (CONTRACT.ends_at, False),
    ):
        outcome = take(of, Step.CONTRACT, "stf_1", now, Evidence(contract=CONTRACT))
        assert isinstance(outcome, Case) is fits, now
    ready = went(of, Step.CONTRACT, Step.ASSESS)
    assert isinstance(take(ready, Step.DISCLOSE, "stf_1", CONTRACT.ends_at - 1, Evidence()), Case)
    refused(
        take(ready, Step.DISCLOSE, "stf_1", CONTRACT.ends_at, Evidence()), of.kind, "contract_not_in_force"
    )


@pytest.mark.clause("complainant")
def test_nothing_is_decided_before_the_answer_or_the_end_of_its_time() -> None:
    of = went(case(DisclosureKind.COMPLAINANT), Step.ASSESS, Step.TELL)
    silent = Evidence(verdict=Verdict.DISCLOSE)
    end = NOW + int(ANSWER_WITHIN.total_seconds())
    assert answer_ends(NOW) == end
    refused(take(of, Step.DECIDE, "stf_2", end - 1, silent), of.kind, "answer_awaited")
    assert isinstance(take(of, Step.DECIDE, "stf_2", end, silent), Case)
    assert isinstance(take(of, Step.DECIDE, "stf_2", NOW, replace(silent, answered=True)), Case)


@pytest.mark.clause("complainant")
def test_a_complaint_is_declined_by_a_decision_and_then_nothing_is_given() -> None:
    of = went(case(DisclosureKind.COMPLAINANT), Step.ASSESS, Step.TELL)
    refused(take(of, Step.DECLINE, "stf_2", NOW, Evidence()), of.kind, "decided_otherwise")
    no = take(of, Step.DECIDE, "stf_2", NOW, Evidence(verdict=Verdict.DECLINE, answered=True))
    assert isinstance(no, Case)
    assert no.ending is Ending.DECLINED
    refused(take(no, Step.DISCLOSE, "stf_2", NOW, Evidence()), of.kind, "ended")


@pytest.mark.clause("authorities")
@pytest.mark.parametrize("missing", ["law", "reference"])
def test_a_ground_names_the_law_and_the_document(missing: str) -> None:
    of = case(DisclosureKind.AUTHORITY)
    given = Evidence(ground=replace(GROUND, **{missing: ""}))
    refused(take(of, Step.GROUND, "stf_1", NOW, given), of.kind, "legal_ground_missing")


@pytest.mark.clause("authorities")
def test_silence_needs_a_ground_of_its_own_and_ends() -> None:
    of = case(DisclosureKind.AUTHORITY)
    latest = int(after(datetime.fromtimestamp(NOW, UTC), SECRET_AT_MOST).timestamp())
    for until, ground, reason in (
        (NOW + 1, None, "secrecy_without_ground"),
        (NOW, "s 20(3)", "secret_too_long"),
        (latest + 1, "s 20(3)", "secret_too_long"),
        (latest, "s 20(3)", None),
        (NOW + 1, "s 20(3)", None),
    ):
        given = Evidence(ground=replace(GROUND, secret_until=until, secret_ground=ground))
        outcome = take(of, Step.GROUND, "stf_1", NOW, given)
        if reason is None:
            assert isinstance(outcome, Case)
        else:
            refused(outcome, of.kind, reason)


@pytest.mark.clause("merger")
def test_a_successor_is_bound_to_the_policy_in_force_or_people_are_asked() -> None:
    of = case(DisclosureKind.SUCCESSOR)
    old = Evidence(binding=replace(BINDING, policy_version="2024-01-01"))
    refused(take(of, Step.BIND, "stf_1", NOW, old), of.kind, "bound_to_another_policy")
    asked = went(of, Step.ASK, Step.AUTHORISE, Step.ASSESS, Step.APPROVE)
    refused(take(asked, Step.DISCLOSE, "stf_1", NOW, Evidence()), of.kind, "authorisation_missing")
    assert isinstance(take(asked, Step.DISCLOSE, "stf_1", NOW, Evidence(authorised=yes(of))), Case)


@pytest.mark.clause("public")
def test_a_publication_rests_on_consent_or_on_an_order_and_neither_passes_for_the_other() -> None:
    free = case(DisclosureKind.PUBLIC)
    refused(take(free, Step.GROUND, "stf_1", NOW, Evidence(ground=GROUND)), free.kind, "consent_needed")
    ordered = case(DisclosureKind.PUBLIC, purpose=DisclosurePurpose.ORDERED_PUBLICATION)
    assert isinstance(take(ordered, Step.GROUND, "stf_1", NOW, Evidence(ground=GROUND)), Case)
    given = Evidence(authorised=yes(ordered))
    refused(take(ordered, Step.AUTHORISE, "stf_1", NOW, given), free.kind, "legal_ground_missing")


@pytest.mark.clause("partners", "authorities")
def test_what_is_found_necessary_is_no_more_than_was_asked_and_all_that_goes() -> None:
    of = went(case(DisclosureKind.AUTHORITY), Step.GROUND)
    more = Evidence(necessary=("user.name", "device.ip"), key="key")
    refused(take(of, Step.ASSESS, "stf_1", NOW, more), of.kind, "more_than_asked")
    refused(take(of, Step.ASSESS, "stf_1", NOW, Evidence(necessary=WHO)), of.kind, "recipient_key_missing")
    less = take(of, Step.ASSESS, "stf_1", NOW, Evidence(necessary=("user.email",), key="key"))
    assert isinstance(less, Case)
    assert less.wanted == ("user.email",)


@pytest.mark.parametrize("kind", DisclosureKind)
def test_a_case_that_ended_goes_on_for_nobody(kind: DisclosureKind) -> None:
    gone = take(case(kind), Step.WITHDRAW, "stf_1", NOW, Evidence())
    assert isinstance(gone, Case)
    assert gone.ending is Ending.WITHDRAWN
    for step in Step:
        refused(take(gone, step, "stf_2", NOW, evidence(gone, step)), kind, "ended")


@pytest.mark.clause("purposes")
@pytest.mark.parametrize("kind", DisclosureKind)
def test_a_purpose_the_policy_does_not_give_a_kind_opens_no_case(kind: DisclosureKind) -> None:
    rule = RULES[kind]
    for purpose in DisclosurePurpose:
        decision = may_open(kind, purpose, next(iter(rule.concerns)))
        assert isinstance(decision, Allowed) is (purpose in rule.purposes)
    for concerns in Concerns:
        decision = may_open(kind, PURPOSE[kind], concerns)
        assert isinstance(decision, Allowed) is (concerns in rule.concerns)


@pytest.mark.clause("partners", "email-vendors", "complainant", "authorities", "merger", "public")
@pytest.mark.parametrize("kind", DisclosureKind)
def test_nobody_receives_what_opens_an_account_or_what_the_policy_does_not_hold(kind: DisclosureKind) -> None:
    for category, items in NEVER.items():
        for item in items:
            assert may_receive(kind, category, item) == Refused(RULES[kind].clause, "field_not_allowed")
    for category, items in RULES[kind].items.items():
        assert items <= HOLDINGS[category].items


@pytest.mark.clause("email-vendors")
def test_a_vendor_receives_the_content_of_a_mail_and_nobodys_address() -> None:
    allowed = RULES[DisclosureKind.VENDOR].items
    assert set(allowed) == {Category.COMMUNICATIONS}
    assert allowed[Category.COMMUNICATIONS] == {"subject", "html", "text", "link"}
