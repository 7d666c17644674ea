"""Who may receive what, after which steps: each order walked, and nothing that leaves it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.privacy.clauses import CLAUSES
from chalicelib.privacy.decisions import Allowed, Refused
from chalicelib.privacy.disclosure_facts import Case, Evidence
from chalicelib.privacy.disclosure_kinds import (
    NEVER,
    RULES,
    Concerns,
    DisclosureKind,
    DisclosurePurpose,
    Ending,
    Step,
    may_open,
    may_receive,
)
from chalicelib.privacy.disclosures import take
from chalicelib.privacy.register import HOLDINGS, Category
from tests.unit.privacy.disclosure_samples import (
    ABLE,
    NOW,
    PURPOSE,
    WHO,
    case,
    evidence,
    order,
    refused,
    went,
)


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
                take(went(case(kind), *steps[:number]), step, "stf_9", NOW, Evidence(able=ABLE)),
                kind,
                missing[step],
            )


@pytest.mark.clause("partners", "email-vendors", "complainant", "authorities", "merger", "public")
@pytest.mark.parametrize("kind", DisclosureKind)
def test_whoever_prepared_a_case_does_not_decide_it(kind: DisclosureKind) -> None:
    steps = order(kind)
    (second,) = RULES[kind].second - {Step.CONFIRM}
    before = went(case(kind), *steps[: steps.index(second)])
    refused(take(before, second, "stf_1", NOW, evidence(before, second)), kind, "same_person")
    opened_only = replace(before, by=dict.fromkeys(before.by, "stf_3"))
    refused(take(opened_only, second, "stf_1", NOW, evidence(before, second)), kind, "same_person")
    refused(take(opened_only, second, "stf_3", NOW, evidence(before, second)), kind, "same_person")
    assert isinstance(take(opened_only, second, "stf_2", NOW, evidence(before, second)), Case)


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
        reason = "nothing_to_release" if step is Step.RELEASE else "ended"
        refused(take(gone, step, "stf_2", NOW, evidence(gone, step)), kind, reason)


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


@pytest.mark.clause("partners", "authorities", "merger", "public")
@pytest.mark.parametrize("kind", [one for one in DisclosureKind if Concerns.COMPANY in RULES[one].concerns])
def test_a_whole_companys_data_takes_two_approvals_by_two_people_beside_the_opener(
    kind: DisclosureKind,
) -> None:
    steps = order(kind, Concerns.COMPANY)
    whole = case(kind, concerns=Concerns.COMPANY, wanted=("company.name",))
    once = went(whole, *steps[:-2])
    assert steps[-3:] == [Step.APPROVE, Step.CONFIRM, Step.DISCLOSE]
    refused(take(once, Step.DISCLOSE, "stf_1", NOW, evidence(once, Step.DISCLOSE)), kind, "out_of_order")
    for same in ("stf_1", "stf_2"):
        outcome = take(once, Step.CONFIRM, same, NOW, evidence(once, Step.CONFIRM))
        refused(outcome, kind, "same_person")
    assert went(whole, *steps).ending is Ending.DISCLOSED


@pytest.mark.clause("partners", "email-vendors", "complainant", "authorities", "merger", "public")
@pytest.mark.parametrize("kind", DisclosureKind)
def test_nobody_approves_who_has_not_compared_the_recipients_key(kind: DisclosureKind) -> None:
    steps = order(kind)
    (second,) = RULES[kind].second - {Step.CONFIRM}
    before = went(case(kind), *steps[: steps.index(second)])
    good = evidence(before, second)
    for wrong in (None, "b" * 64):
        outcome = take(before, second, "stf_2", NOW, replace(good, compared=wrong))
        refused(outcome, kind, "key_not_compared")
    keyless = replace(before, key=None)
    refused(take(keyless, second, "stf_2", NOW, replace(good, compared=None)), kind, "key_not_compared")


@pytest.mark.clause("personnel")
def test_a_newcomer_approves_nothing() -> None:
    before = went(case(DisclosureKind.AUTHORITY), Step.GROUND, Step.ASSESS)
    outcome = take(before, Step.APPROVE, "stf_new", NOW, evidence(before, Step.APPROVE))
    assert outcome == Refused("personnel", "too_new")
