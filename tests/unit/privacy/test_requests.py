"""What may be asked, refused and put off: the rules of requests, at their boundaries."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.privacy import clocks
from chalicelib.privacy.decisions import Allowed, Refused
from chalicelib.privacy.requests import (
    GROUNDS,
    OPENS_DATA,
    OVERDUE_EVERY,
    PASSED_ON,
    REMIND_BEFORE,
    SOURCES,
    Ground,
    RequestKind,
    Term,
    may_extend,
    may_refuse,
    next_look,
)

pytestmark = pytest.mark.clause("requests")
RECEIVED = int(datetime(2026, 11, 23, 9, tzinfo=UTC).timestamp())
TERM = Term(RECEIVED, RECEIVED + 600)


def reason(decision: Allowed | Refused) -> str | None:
    return decision.reason if isinstance(decision, Refused) else None


def test_every_kind_names_its_law() -> None:
    assert SOURCES.keys() == set(RequestKind)
    assert {RequestKind.ACCESS, RequestKind.PORTABILITY} == OPENS_DATA


@pytest.mark.clause("roles")
def test_a_complaint_is_shown_to_no_client_by_itself() -> None:
    assert set(RequestKind) - PASSED_ON == {RequestKind.COMPLAINT}


def test_an_extension_ends_where_the_law_does() -> None:
    assert reason(may_extend(TERM, TERM.limit, RECEIVED)) is None
    assert reason(may_extend(TERM, TERM.limit + 1, RECEIVED)) == "beyond_the_law"
    assert TERM.limit == clocks.stretched(clocks.GDPR_REQUEST, RECEIVED) == TERM.by(2)
    assert reason(may_extend(TERM, TERM.by(1), RECEIVED)) is None
    assert reason(may_extend(TERM, TERM.by(3), RECEIVED)) == "beyond_the_law"


def test_an_extension_has_to_be_told_within_the_first_time() -> None:
    last = TERM.first_due_at - 1
    assert reason(may_extend(TERM, TERM.by(1), last)) is None
    assert reason(may_extend(TERM, TERM.by(1), last + 1)) == "too_late_to_extend"


def test_an_extension_shortens_nothing() -> None:
    longer = Term(RECEIVED, RECEIVED, extended_to=TERM.by(1))
    assert longer.due_at == TERM.by(1) > longer.first_due_at
    assert reason(may_extend(longer, TERM.by(1), RECEIVED)) == "not_later"
    assert reason(may_extend(longer, TERM.by(2), RECEIVED)) is None


@given(st.sampled_from(RequestKind), st.sampled_from(Ground))
def test_a_refusal_needs_a_ground_the_law_knows_for_it(kind: RequestKind, ground: Ground) -> None:
    known = kind in GROUNDS[ground].kinds
    assert (reason(may_refuse(kind, ground)) is None) is known
    assert GROUNDS[ground].source


def test_no_interest_of_ours_outweighs_an_objection_or_a_complaint() -> None:
    left = {Ground.UNFOUNDED, Ground.EXCESSIVE}
    for kind, more in ((RequestKind.OBJECT, {Ground.IDENTITY}), (RequestKind.COMPLAINT, set[Ground]())):
        allowed = {ground for ground in Ground if reason(may_refuse(kind, ground)) is None}
        assert allowed == left | more


def test_what_may_be_done_under_a_restriction_is_no_ground_to_refuse_one() -> None:
    for ground in (Ground.LEGAL_DUTY, Ground.LEGAL_CLAIMS):
        assert GROUNDS[ground].kinds == {RequestKind.ERASE}
        assert "18(2)" not in GROUNDS[ground].source


def test_somebody_is_reminded_before_at_and_every_day_after() -> None:
    week, days = REMIND_BEFORE
    due = RECEIVED + 30 * 86_400
    assert next_look(due, RECEIVED) == due - week
    assert next_look(due, due - week - 1) == due - week
    assert next_look(due, due - week) == due - days
    assert next_look(due, due - days) == due
    assert next_look(due, due - 1) == due
    assert next_look(due, due) == due + OVERDUE_EVERY
    assert next_look(due, due + 500) == due + 500 + OVERDUE_EVERY


@given(st.integers(0, 60 * 86_400))
def test_the_next_look_always_comes(passed: int) -> None:
    now, due = RECEIVED + passed, RECEIVED + 30 * 86_400
    assert now < next_look(due, now) <= max(due, now + OVERDUE_EVERY)
