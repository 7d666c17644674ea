"""What each step of a disclosure rests on, tried a second on either side of every period."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.privacy.disclosure_kinds import (
    Concerns,
    DisclosureKind,
    DisclosurePurpose,
    Ending,
    Step,
    Verdict,
)
from chalicelib.privacy.disclosures import (
    ANSWER_WITHIN,
    AUTHORISATION_VALID,
    SECRET_AT_MOST,
    Case,
    Evidence,
    answer_ends,
    authorisation_ends,
    take,
)
from chalicelib.privacy.retention import after
from tests.unit.privacy.disclosure_samples import (
    BINDING,
    CONTRACT,
    GROUND,
    NOW,
    case,
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
