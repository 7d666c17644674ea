"""What each step of a disclosure rests on, tried a second on either side of every period."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.privacy.decisions import Allowed, Refused
from chalicelib.privacy.disclosure_facts import (
    ANSWER_WITHIN,
    APPROVAL_VALID,
    AUTHORISATION_VALID,
    SECRET_AT_MOST,
    Case,
    Evidence,
    answer_ends,
    approval_ends,
    authorisation_ends,
    may_be_told,
)
from chalicelib.privacy.disclosure_kinds import (
    Concerns,
    DisclosureKind,
    DisclosurePurpose,
    Ending,
    Step,
    TransferBasis,
    Verdict,
)
from chalicelib.privacy.disclosures import may_leave, take
from chalicelib.privacy.retention import after
from tests.unit.privacy.disclosure_samples import (
    ABLE,
    BINDING,
    CONTRACT,
    GROUND,
    KEY,
    NOW,
    case,
    evidence,
    order,
    refused,
    went,
    yes,
)


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
        ({"current": False}, "text_changed"),
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
    of = went(case(DisclosureKind.PARTNER), Step.AUTHORISE, Step.ASSESS, Step.APPROVE)
    ready = evidence(of, Step.DISCLOSE)
    gone = went(of, Step.DISCLOSE)
    assert may_leave(gone, NOW, ready) == Allowed()
    for change, reason in (
        ({"authorised": yes(of, agreed=False)}, "authorisation_refused"),
        ({"authorised": yes(of, current=False)}, "text_changed"),
        ({"authorised": None}, "authorisation_missing"),
        ({"able": ABLE - {"stf_2"}}, "approver_gone"),
    ):
        now: dict[str, Any] = dict(change)
        refused(take(of, Step.DISCLOSE, "stf_1", NOW, replace(ready, **now)), of.kind, reason)
        assert may_leave(gone, NOW, replace(ready, **now)) == Refused("partners", reason)
    late = authorisation_ends(NOW)
    fresh = replace(of, at={**of.at, Step.APPROVE: late})
    refused(take(fresh, Step.DISCLOSE, "stf_1", late, ready), of.kind, "authorisation_expired")


@pytest.mark.clause("partners", "email-vendors", "complainant", "authorities", "merger", "public")
@pytest.mark.parametrize("kind", DisclosureKind)
def test_an_approval_outlives_neither_its_days_nor_its_approver_and_can_be_given_anew(
    kind: DisclosureKind,
) -> None:
    of = went(case(kind), *order(kind)[:-1])
    gone, end = went(of, Step.DISCLOSE), approval_ends(NOW)
    assert end == NOW + int(APPROVAL_VALID.total_seconds())
    ready = evidence(of, Step.DISCLOSE)
    assert isinstance(take(of, Step.DISCLOSE, "stf_1", end - 1, ready), Case)
    refused(take(of, Step.DISCLOSE, "stf_1", end, ready), kind, "approval_expired")
    assert may_leave(gone, end - 1, ready) == Allowed()
    assert isinstance(may_leave(gone, end, ready), Refused)
    step = order(kind)[-2]
    again = evidence(of, step)
    refused(take(of, step, "stf_2", end - 1, again), kind, "taken_already")
    refused(take(of, step, "stf_1", end, again), kind, "same_person")
    for who in ("stf_2", "stf_3"):
        anew = take(of, step, who, end, again)
        assert isinstance(anew, Case)
        assert isinstance(take(anew, Step.DISCLOSE, "stf_1", end, ready), Case)
    without = replace(again, able=ABLE - {"stf_2"})
    assert isinstance(take(of, step, "stf_3", NOW, without), Case)


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
    ready = went(of, Step.CONTRACT, Step.ASSESS, Step.APPROVE)
    end = NOW + 60
    ready, given = replace(ready, contract_ends_at=end), evidence(ready, Step.DISCLOSE)
    assert isinstance(take(ready, Step.DISCLOSE, "stf_1", end - 1, given), Case)
    refused(take(ready, Step.DISCLOSE, "stf_1", end, given), of.kind, "contract_not_in_force")
    gone = went(ready, Step.DISCLOSE)
    assert may_leave(gone, end - 1, given) == Allowed()
    assert may_leave(gone, end, given) == Refused("email-vendors", "contract_not_in_force")


@pytest.mark.clause("complainant")
def test_nothing_is_decided_before_the_answer_or_the_end_of_its_time() -> None:
    of = went(case(DisclosureKind.COMPLAINANT), Step.ASSESS, Step.TELL)
    silent = Evidence(verdict=Verdict.DISCLOSE, able=ABLE, compared=KEY)
    end = NOW + int(ANSWER_WITHIN.total_seconds())
    assert answer_ends(NOW) == end
    refused(take(of, Step.DECIDE, "stf_2", end - 1, silent), of.kind, "answer_awaited")
    assert isinstance(take(of, Step.DECIDE, "stf_2", end, silent), Case)
    assert isinstance(take(of, Step.DECIDE, "stf_2", NOW, replace(silent, answered=True)), Case)


@pytest.mark.clause("complainant")
def test_a_complaint_is_declined_by_a_decision_and_then_nothing_is_given() -> None:
    of = went(case(DisclosureKind.COMPLAINANT), Step.ASSESS, Step.TELL)
    refused(take(of, Step.DECLINE, "stf_2", NOW, Evidence()), of.kind, "decided_otherwise")
    no = take(of, Step.DECIDE, "stf_2", NOW, Evidence(verdict=Verdict.DECLINE, answered=True, able=ABLE))
    assert isinstance(no, Case)
    assert no.ending is Ending.DECLINED
    refused(take(no, Step.DISCLOSE, "stf_2", NOW, Evidence()), of.kind, "ended")


@pytest.mark.clause("authorities")
@pytest.mark.parametrize("missing", ["law", "reference"])
def test_a_ground_names_the_law_and_the_document(missing: str) -> None:
    of = case(DisclosureKind.AUTHORITY)
    blank: dict[str, Any] = {missing: ""}
    given = Evidence(ground=replace(GROUND, **blank))
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
        given = Evidence(ground=replace(GROUND, prescribed=False, secret_until=until, secret_ground=ground))
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
    ready = evidence(asked, Step.DISCLOSE)
    nothing = replace(ready, authorised=None)
    refused(take(asked, Step.DISCLOSE, "stf_1", NOW, nothing), of.kind, "authorisation_missing")
    assert isinstance(take(asked, Step.DISCLOSE, "stf_1", NOW, ready), Case)


@pytest.mark.clause("merger")
def test_a_successor_bound_to_a_policy_that_changed_meanwhile_gets_nothing() -> None:
    of = went(case(DisclosureKind.SUCCESSOR), Step.BIND, Step.ASSESS, Step.APPROVE)
    newer = replace(evidence(of, Step.DISCLOSE), binding=replace(BINDING, in_force="2026-12-01"))
    refused(take(of, Step.DISCLOSE, "stf_1", NOW, newer), of.kind, "bound_to_another_policy")
    gone = went(of, Step.DISCLOSE)
    assert may_leave(gone, NOW, newer) == Refused("merger", "bound_to_another_policy")


@pytest.mark.clause("public")
def test_a_publication_rests_on_consent_or_on_an_order_and_neither_passes_for_the_other() -> None:
    free = case(DisclosureKind.PUBLIC)
    refused(take(free, Step.GROUND, "stf_1", NOW, Evidence(ground=GROUND)), free.kind, "consent_needed")
    ordered = case(DisclosureKind.PUBLIC, purpose=DisclosurePurpose.ORDERED_PUBLICATION)
    assert isinstance(take(ordered, Step.GROUND, "stf_1", NOW, Evidence(ground=GROUND)), Case)
    police = Evidence(ground=replace(GROUND, prescribed=True))
    refused(take(ordered, Step.GROUND, "stf_1", NOW, police), free.kind, "not_an_agency")
    given = Evidence(authorised=yes(ordered))
    refused(take(ordered, Step.AUTHORISE, "stf_1", NOW, given), free.kind, "legal_ground_missing")


@pytest.mark.clause("authorities")
def test_whether_an_authority_is_a_prescribed_agency_has_to_be_said() -> None:
    of = case(DisclosureKind.AUTHORITY)
    refused(take(of, Step.GROUND, "stf_1", NOW, Evidence(ground=GROUND)), of.kind, "agency_not_stated")


@pytest.mark.clause("authorities")
def test_what_went_to_a_prescribed_agency_is_told_when_it_is_released_and_not_by_itself() -> None:
    of = case(DisclosureKind.AUTHORITY)
    ground = replace(GROUND, prescribed=True, secret_until=NOW + 9, secret_ground="s 20(3)")
    outcome = take(of, Step.GROUND, "stf_1", NOW, Evidence(ground=ground))
    assert isinstance(outcome, Case)
    assert outcome.prescribed
    said = Evidence(reason="The case is closed.")
    refused(take(outcome, Step.RELEASE, "stf_1", NOW, said), of.kind, "nothing_to_release")
    gone = went(outcome, Step.ASSESS, Step.APPROVE, Step.DISCLOSE)
    refused(take(gone, Step.RELEASE, "stf_1", NOW + 9, Evidence()), of.kind, "reason_missing")
    refused(take(gone, Step.RELEASE, "stf_1", NOW + 8, said), of.kind, "still_secret")
    released = take(gone, Step.RELEASE, "stf_1", NOW + 9, said)
    assert isinstance(released, Case)
    refused(take(released, Step.RELEASE, "stf_1", NOW + 9, said), of.kind, "taken_already")
    open_case = went(of, Step.GROUND, Step.ASSESS, Step.APPROVE, Step.DISCLOSE)
    refused(take(open_case, Step.RELEASE, "stf_1", NOW, said), of.kind, "nothing_to_release")


@pytest.mark.clause("authorities")
def test_silence_ends_in_its_second_and_a_prescribed_agencys_never_by_itself() -> None:
    assert may_be_told(NOW, None, withheld=False)
    assert not may_be_told(NOW - 1, NOW, withheld=False)
    assert may_be_told(NOW, NOW, withheld=False)
    assert not may_be_told(NOW + 10**9, None, withheld=True)


@pytest.mark.clause("cross-border")
def test_data_leaves_singapore_on_a_named_basis_only() -> None:
    of = went(case(DisclosureKind.AUTHORITY, country="DE"), Step.GROUND)
    bare = Evidence(necessary=of.wanted, key="key")
    abroad = Refused("cross-border", "transfer_basis_missing")
    assert take(of, Step.ASSESS, "stf_1", NOW, bare) == abroad
    clauses = replace(bare, transfer=TransferBasis.CLAUSES)
    assert isinstance(take(of, Step.ASSESS, "stf_1", NOW, clauses), Case)
    agreed = replace(bare, transfer=TransferBasis.CONSENT)
    assert take(of, Step.ASSESS, "stf_1", NOW, agreed) == Refused("cross-border", "consent_missing")
    theirs = went(case(DisclosureKind.PARTNER, country="DE"), Step.AUTHORISE)
    assert isinstance(take(theirs, Step.ASSESS, "stf_1", NOW, agreed), Case)
    home = replace(of, country="SG")
    assert take(home, Step.ASSESS, "stf_1", NOW, clauses) == Refused("cross-border", "not_abroad")
