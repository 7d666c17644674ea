"""Nobody's data goes to a successor that is not bound to the policy in force, but for those who said yes (3.2)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.privacy import mergers
from chalicelib.privacy.decisions import Allowed, Refused
from chalicelib.privacy.disclosure_facts import Authorised, authorisation_ends
from chalicelib.privacy.disclosure_kinds import DisclosurePurpose
from chalicelib.privacy.mergers import Plan

pytestmark = pytest.mark.clause("merger")

NOW = 1_800_000_000
DAY = 86_400
IN_FORCE = "2025-01-16"
BOUND = Plan(NOW + 30 * DAY, "Deed 7/2026", IN_FORCE, None)
ASKING = Plan(NOW + 30 * DAY, None, None, NOW + 21 * DAY)
YES = Authorised(
    purpose=DisclosurePurpose.SUCCESSION,
    recipient="hash",
    fields=frozenset({"user.name"}),
    agreed=True,
    at=NOW - DAY,
    by_company=False,
    current=True,
)


def refused(plan: Plan, now: int = NOW) -> str:
    decision = mergers.may_begin(plan, IN_FORCE, now)
    assert isinstance(decision, Refused)
    assert decision.clause == "merger"
    return decision.reason


def test_a_successor_bound_to_the_policy_in_force_or_a_question_with_time_to_answer_will_do() -> None:
    assert mergers.may_begin(BOUND, IN_FORCE, NOW) == Allowed()
    assert mergers.may_begin(ASKING, IN_FORCE, NOW) == Allowed()


def test_a_binding_names_its_document_and_the_very_version_in_force() -> None:
    assert refused(replace(BOUND, reference=None)) == "binding_document_missing"
    assert refused(replace(BOUND, policy_version=None)) == "binding_document_missing"
    assert refused(replace(BOUND, policy_version="2024-01-01")) == "bound_to_another_policy"


def test_times_are_long_enough_to_the_second_also_when_somebody_accepts_late() -> None:
    for plan in (BOUND, ASKING):
        assert refused(plan, NOW + 1) == "takes_over_too_soon"
    assert refused(replace(ASKING, answer_until=NOW + 21 * DAY - 1)) == "answer_time_too_short"
    assert refused(replace(ASKING, answer_until=None)) == "answer_time_too_short"
    assert refused(replace(ASKING, answer_until=NOW + 30 * DAY + 1)) == "answers_after_takeover"


def test_a_day_so_far_away_that_nobody_could_say_who_was_told_is_not_taken() -> None:
    for plan in (BOUND, ASKING):
        far = replace(plan, takes_over_at=NOW + 300 * DAY)
        assert mergers.may_begin(far, IN_FORCE, NOW) == Allowed()
        assert refused(replace(far, takes_over_at=NOW + 300 * DAY + 1)) == "takes_over_too_late"


def test_nobody_takes_over_before_everybody_has_known_of_it_for_thirty_days() -> None:
    day = BOUND.takes_over_at
    assert mergers.takes_over_from(BOUND, None) is None
    assert mergers.takes_over_from(BOUND, NOW) == day
    assert mergers.takes_over_from(BOUND, NOW + 1) == day + 1
    assert mergers.takes_over_from(BOUND, NOW - DAY) == day, "and not before the day that was named"


def test_silence_a_no_and_an_old_yes_are_no_yes() -> None:
    assert mergers.goes_along(YES, NOW) == Allowed()
    for said, reason in (
        (None, "authorisation_missing"),
        (replace(YES, agreed=None, at=None), "authorisation_missing"),
        (replace(YES, agreed=False), "authorisation_refused"),
        (replace(YES, current=False), "authorisation_expired"),
    ):
        assert mergers.goes_along(said, NOW) == Refused("merger", reason)
    end = authorisation_ends(YES.at or 0)
    assert mergers.goes_along(YES, end - 1) == Allowed()
    assert mergers.goes_along(YES, end) == Refused("merger", "authorisation_expired")
